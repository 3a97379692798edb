import type { HostRecap } from './events.ts';
import type { Fleet } from './hosts/fleet.ts';
import type { TaskReport } from './tasks/outcome.ts';

/** What a host has to show at the end of a run; the counts are Ansible's: what was changed, or failed and was ignored, is also ok. */
export function recapOf(host: string, reports: readonly TaskReport[], fleet: Fleet): HostRecap {
  const own = reports.filter((report) => report.host === host);
  const count = (...statuses: TaskReport['status'][]) =>
    own.filter((report) => statuses.includes(report.status)).length;
  const run = fleet.has(host) ? fleet.get(host) : undefined;
  return {
    ok: count('ok', 'changed', 'ignored'),
    changed: count('changed') + own.filter(changedAndIgnored).length,
    failed: count('failed'),
    skipped: count('skipped'),
    rescued: count('rescued'),
    ignored: count('ignored'),
    deferred: count('deferred'),
    unreachable: fleet.unreachable.has(host) ? 1 : 0,
    roundTrips: run?.roundTrips ?? 0,
    apiCalls: run?.apiCalls ?? 0,
    seconds: run ? (Date.now() - run.started) / 1000 : 0,
  };
}

function changedAndIgnored({ status, instances }: TaskReport): boolean {
  const isChanged = instances.some(
    ({ outcome }) => outcome.status === 'changed' || outcome.result?.['changed'] === true,
  );
  return status === 'ignored' && isChanged;
}
