import type { Diagnostic } from '../../core/diagnostics.ts';
import { problemIn, type Given } from '../check.ts';

/** etcd does not start with others (embed/config.go, Validate). */
export function check(given: Given): Diagnostic[] {
  return given.hosts.flatMap((host): Diagnostic[] => {
    const heartbeat = given.value('etcd_heartbeat_interval', host);
    const election = given.value('etcd_election_timeout', host);
    if (typeof heartbeat !== 'number' || typeof election !== 'number' || election >= 5 * heartbeat) return [];
    const message = `etcd_election_timeout is ${election} ms, less than five times etcd_heartbeat_interval (${heartbeat} ms)`;
    return [problemIn(given, 'etcd_election_timeout', { message, hint: 'ten times is usual', host })];
  });
}
