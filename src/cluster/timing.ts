import { haproxy } from '../components/haproxy/index.ts';
import { timingOf, type Timing } from '../components/patroni/timing.ts';
import { watchdogTimeout, type WatchdogSettings } from '../components/watchdog/settings.ts';
import type { Topology } from './topology.ts';

type Settings = Readonly<Record<string, unknown>>;

/** What is wrong with the times of a configuration: Patroni would silently go by other ones. Names stand after the prefix. */
export function timingProblems(
  config: Settings,
  { mode, margin }: Pick<WatchdogSettings, 'mode' | 'margin'>,
  prefix = '',
): string[] {
  const { ttl, loopWait, retryTimeout } = timingOf(config);
  const minima = [
    ['ttl', 20],
    ['loop_wait', 1],
    ['retry_timeout', 3],
  ] as const;
  const problems = minima.flatMap(([name, least]) => {
    const value = config[name] ?? least;
    if (typeof value !== 'number') return [`${prefix}${name} must be a number of seconds`];
    return value < least ? [`${prefix}${name} must be at least ${least} s`] : [];
  });
  const needed = loopWait + 2 * retryTimeout;
  if (needed > ttl)
    problems.push(
      `${prefix}loop_wait + 2 x ${prefix}retry_timeout is ${needed} s, more than ${prefix}ttl (${ttl} s)`,
    );
  const left = watchdogTimeout(ttl, margin) - loopWait - retryTimeout;
  // With -1 the timeout is what it is; Patroni refuses a watchdog that does not fit.
  if (mode !== 'off' && margin !== -1 && left < 5) {
    problems.push(
      `the watchdog's timeout (${watchdogTimeout(ttl, margin)} s) leaves ${left} s beyond ${prefix}loop_wait + ${prefix}retry_timeout; it takes 5 s`,
    );
  }
  return problems;
}

/** How long writes are not taken, in seconds. */
export interface Outage {
  readonly usual: number;
  readonly most: number;
}

// Stopping the old leader and promoting the new one. Patroni polls the stop once a second; a checkpoint of much data
// takes longer.
const handover: Outage = { usual: 1.5, most: 4 };

/** Of a leader that hands over: the hand-over, and HAProxy until it has seen it. */
export function outageOfHandover(topology: Topology): Outage {
  const { hosts, settings } = topology.of(haproxy);
  if (hosts.length === 0) return handover;
  const { checks } = settings;
  return {
    usual: handover.usual + checks.in / 2,
    // Until the old one is taken out, every other connection still ends at it.
    most: handover.most + Math.max(checks.out, checks.in),
  };
}

/** Of a leader that is restarted where it is. */
export function outageInPlace(topology: Topology, { primaryStartTimeout }: Timing): Outage {
  const { hosts, settings } = topology.of(haproxy);
  const { checks } = settings;
  const seen = hosts.length === 0 ? 0 : checks.in;
  return { usual: handover.usual, most: primaryStartTimeout + seen };
}

/** Seconds until the members' next cycles have shown what they make of a change. */
export function boundOfCycle({ loopWait, retryTimeout }: Timing): number {
  return 2 * loopWait + retryTimeout;
}

/** Seconds that Patroni itself looks for the outcome of a switchover. */
export function boundOfAnswer({ loopWait }: Timing): number {
  return 2 * Math.max(10, loopWait);
}

/** Seconds until the leader has changed: what Patroni allows, and a leader key that has to expire after all. */
export function boundOfRole(timing: Timing): number {
  return boundOfAnswer(timing) + timing.ttl + timing.retryTimeout;
}

// Stopping, rewinding and starting a former leader.
const rejoin = 60;

/** Seconds until all members follow the leader, and HAProxy has seen it. */
export function boundOfSettling(timing: Timing, topology: Topology): number {
  const { checks } = topology.of(haproxy).settings;
  return rejoin + timing.ttl + 2 * timing.loopWait + checks.out;
}

// A base backup's rate on slow disks and networks, in bytes a second.
const slowestCopy = 10 * 1024 ** 2;

/** Seconds for cloning so many bytes. */
export function boundOfClone(bytes: number, timing: Timing, topology: Topology): number {
  return boundOfSettling(timing, topology) + bytes / slowestCopy;
}
