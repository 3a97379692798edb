import type { RestartRecord, UnitFact } from '../../facts/unit.ts';
import { changed, refused, type Verdict } from '../../plan/change.ts';
import type { ServiceChange, ServiceParams } from './schema.ts';
import { filesOf, inputsDigest, isPackageInput } from './inputs.ts';

interface InputValue {
  /** A file's digest; undefined when it is missing, and for a package. */
  readonly value: string | undefined;
  /** Seconds since 1970. */
  readonly changedAt: number;
}

interface ServiceFacts {
  readonly unit: UnitFact | undefined;
  readonly record: RestartRecord | undefined;
  /** The unit's files changed since systemd read them. */
  readonly stale: boolean;
}

type InputValues = ReadonlyMap<string, InputValue>;

const running = ['active', 'reloading', 'refreshing'];

/** What has to happen to the unit. */
export function diffService(
  { unit, record, stale }: ServiceFacts,
  inputs: InputValues,
  params: ServiceParams,
): Verdict<ServiceChange> {
  const { name } = params;
  if (!unit) return refused('systemd does not answer', 'the host must be booted with systemd');
  if (unit.load === 'not-found') {
    const isOver = params.state === 'stopped' || params.enabled === false;
    const hint = isOver
      ? 'correct the name, or say with failed_when: false that it may be missing'
      : 'install the package it belongs to first';
    return refused(`there is no unit ${name}`, hint);
  }
  if (unit.load === 'masked' && (params.state === 'started' || params.enabled === true)) {
    return refused(`${name} is masked`, `systemctl unmask ${name}, if that is what you want`);
  }
  const change = (action: ServiceChange['action'], more: Partial<ServiceChange> = {}): ServiceChange => ({
    action,
    resource: name,
    unit: name,
    restart_on: params.restart_on,
    reload_on: params.reload_on,
    timeout: params.timeout,
    ...more,
  });
  const changes: ServiceChange[] = [];
  if (stale) {
    changes.push(change('reload', { resource: 'systemd', reason: `the files of ${name} changed` }));
  }
  if (params.enabled !== undefined && canBeEnabled(unit) && params.enabled !== (unit.enabled === 'enabled')) {
    changes.push(change(params.enabled ? 'enable' : 'disable'));
  }
  const isRunning = running.includes(unit.active);
  if (params.state === 'stopped' && (isRunning || unit.active === 'activating')) changes.push(change('stop'));
  if (params.state === 'started' && !isRunning) {
    changes.push(
      change('start', unit.active === 'failed' ? { reason: `it has failed (${unit.result})` } : {}),
    );
  }
  if (params.state === 'started' && isRunning) {
    const disrupts = params.disrupts === undefined ? {} : { disrupts: params.disrupts };
    const known = record?.invocation === unit.invocation ? record : undefined;
    const files = { restart: filesOf(params.restart_on), reload: filesOf(params.reload_on) };
    const packages = params.restart_on.filter(isPackageInput);
    const restart = [
      ...staleFiles(files.restart, inputs, unit.startedAt, known?.restart),
      ...newerInputs(packages, inputs, unit.startedAt),
    ].join(', ');
    // A reload by hand leaves no trace in the unit: what changed after our own may have been read and undone since.
    const reload = [
      ...new Set([
        ...staleFiles(files.reload, inputs, unit.startedAt, known?.reload),
        ...newerInputs(params.reload_on, inputs, known?.readAt ?? unit.startedAt),
      ]),
    ].join(', ');
    if (restart !== '') changes.push(change('restart', { reason: `${restart} changed`, ...disrupts }));
    else if (reload !== '') changes.push(change('reload', { reason: `${reload} changed` }));
  }
  return changed(...changes);
}

/**
 * The files that changed. What drover noted holds for the invocation it was noted for; otherwise (reboot, restart by
 * hand, adopted host) the clock decides.
 */
function staleFiles(
  files: readonly string[],
  values: InputValues,
  since: number,
  recorded?: string,
): readonly string[] {
  const newer = newerInputs(files, values, since);
  if (files.length === 0 || recorded === undefined) return newer;
  if (recorded === inputsDigest(files, (file) => values.get(file)?.value)) return [];
  return newer.length === 0 ? files : newer;
}

/** The inputs that were written since, packages unpacked. */
function newerInputs(inputs: readonly string[], values: InputValues, since: number): string[] {
  return inputs.filter((input) => (values.get(input)?.changedAt ?? 0) > since);
}

/** A static or generated unit has nothing to enable. */
function canBeEnabled(unit: UnitFact): boolean {
  return ['enabled', 'disabled', 'enabled-runtime', 'linked'].includes(unit.enabled);
}
