import { needPackage, needUnpackTime } from '../../facts/package.ts';
import { needDigest } from '../../facts/content.ts';
import { needChangeTime } from '../../facts/path.ts';
import { needActive, needDaemonReload, needRestartRecord, needUnit } from '../../facts/unit.ts';
import { outdate, predict } from '../../plan/change.ts';
import { run } from '../../plan/operation.ts';
import { defineModule, type Module } from '../define-module.ts';
import { unitScript } from './commands.ts';
import { diffService } from './diff.ts';
import { filesOf, isPackageInput, packageOf } from './inputs.ts';
import { ServiceChange, ServiceParams } from './schema.ts';

const differences = [
  '`state: restarted` and `reloaded` are refused: a restart is a state to converge to, by `restart_on` and `reload_on`.',
  'There are no handlers: what `notify` would do, `restart_on` does, also after a run that died in between.',
];

function inputsOf({ restart_on, reload_on }: ServiceParams): string[] {
  return [...new Set([...restart_on, ...reload_on])];
}

function defineService(name: string, summary: string): Module {
  return defineModule({
    name,
    docs: {
      summary,
      differences,
      example: `- ${name}:
    name: haproxy
    enabled: true
    state: started
    restart_on: package:haproxy
    reload_on: /etc/haproxy/haproxy.cfg`,
    },
    params: ServiceParams,
    change: ServiceChange,
    needs(params) {
      const inputs = inputsOf(params);
      const files = filesOf(inputs);
      const packages = inputs.filter(isPackageInput).map(packageOf);
      return {
        unit: needUnit(params.name),
        stale: params.daemon_reload ? [needDaemonReload(params.name)] : [],
        record: inputs.length === 0 ? [] : [needRestartRecord(params.name)],
        digests: files.map(needDigest),
        changeTimes: files.map(needChangeTime),
        // A time alone is not guarded; the version beside it is.
        packages: packages.map(needPackage),
        unpackTimes: packages.map(needUnpackTime),
      };
    },
    diff(facts, params) {
      const inputs = inputsOf(params);
      const files = filesOf(inputs);
      const values = new Map<string, { value: string | undefined; changedAt: number }>();
      files.forEach((path, index) =>
        values.set(path, { value: facts.digests[index], changedAt: facts.changeTimes[index] ?? 0 }),
      );
      inputs.filter(isPackageInput).forEach((input, index) => {
        values.set(input, { value: undefined, changedAt: facts.unpackTimes[index] ?? 0 });
      });
      return diffService(
        { unit: facts.unit, record: facts.record[0], stale: facts.stale[0] ?? false },
        values,
        params,
      );
    },
    apply: (change) => [run(unitScript(change), { timeout: change.timeout + 30 })],
    // With its files as they were, what has read the new ones has to read them again.
    revert: (change) =>
      ['restart', 'reload'].includes(change.action)
        ? [run(unitScript(change), { timeout: change.timeout + 30 })]
        : [],
    writes: ({ unit, action }) => [
      // A reload leaves the unit as it is: running, in the same invocation.
      ...(action === 'reload' ? [] : [outdate(needUnit(unit))]),
      ...(action === 'start' ? [predict(needActive(unit), [['active']])] : []),
      ...(action === 'stop' ? [predict(needActive(unit), [['inactive']])] : []),
      outdate(needRestartRecord(unit)),
      outdate(needDaemonReload(unit)),
    ],
    aim: ({ name: unit, state, enabled }) =>
      [unit, state, enabled === undefined ? undefined : enabled ? 'enabled' : 'disabled']
        .filter((part) => part !== undefined)
        .join(' '),
  });
}

export const service = defineService(
  'service',
  'Keeps a service started or stopped, enabled or not, and running with what its inputs say now.',
);
export const systemdService = defineService(
  'systemd_service',
  'The same as `service`, under the name of Ansible’s systemd module.',
);
