import type { HostRecap } from './events.ts';
import type { Fleet } from './hosts/fleet.ts';
import type { TaskReport } from './tasks/outcome.ts';

/** What a host has to show at the end of a run. */
export function recapOf(host: string, reports: readonly TaskReport[], fleet: Fleet): HostRecap {
  const own = reports.filter((report) => report.host === host);
  const count = (...statuses: TaskReport['status'][]) =>
    own.filter((report) => statuses.includes(report.status)).length;
  const run = fleet.has(host) ? fleet.get(host) : undefined;
  return {
    ok: count('ok', 'ignored', 'rescued'),
    changed: count('changed'),
    failed: count('failed'),
    skipped: count('skipped'),
    deferred: count('deferred'),
    unreachable: fleet.unreachable.has(host) ? 1 : 0,
    roundTrips: run?.roundTrips ?? 0,
    apiCalls: run?.apiCalls ?? 0,
    seconds: run ? (Date.now() - run.started) / 1000 : 0,
  };
}
