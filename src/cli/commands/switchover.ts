import { cancelSwitchover, scheduleSwitchover, switchover as switchNow } from '../../actions/switchover.ts';
import { UsageError, type ExitCode } from '../../core/errors.ts';
import { runOperation } from '../operation.ts';
import type { OperationFlags } from '../options.ts';

interface SwitchoverFlags extends OperationFlags {
  readonly to?: string;
  readonly at?: string;
  readonly cancel?: boolean;
}

export async function switchover(flags: SwitchoverFlags): Promise<ExitCode> {
  const { to, at, cancel } = flags;
  if (cancel && (to !== undefined || at !== undefined))
    throw new UsageError('--cancel goes with neither --to nor --at');
  const when = at === undefined ? undefined : parseTime(at);
  return runOperation(flags, (request) => {
    if (cancel) return cancelSwitchover(request);
    return when ? scheduleSwitchover(request, when, to) : switchNow(request, to);
  });
}

/** A time to come, with its zone: without one it would be another time on another machine. */
function parseTime(text: string): Date {
  const hint = 'for example --at 2030-01-31T22:30+01:00';
  const zoned = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/;
  const time = new Date(text);
  if (!zoned.test(text) || Number.isNaN(time.getTime()))
    throw new UsageError(`"${text}" is no date, time and zone in ISO 8601`, { hint });
  if (time.getTime() <= Date.now()) throw new UsageError(`${text} is over`, { hint });
  return time;
}
