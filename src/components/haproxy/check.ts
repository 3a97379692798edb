import type { Diagnostic } from '../../core/diagnostics.ts';
import { problemIn, type Given } from '../check.ts';

// A line of HAProxy's has 64 words and 2048 characters at most (include/haproxy/defaults.h), some of which are others.
const most = { networks: 50, characters: 1800 };

/** The networks fit into one line. */
export function check(given: Given): Diagnostic[] {
  return given.hosts.flatMap((host): Diagnostic[] => {
    const networks = given.value('haproxy_client_networks', host);
    if (!Array.isArray(networks)) return [];
    if (networks.length <= most.networks && networks.join(' ').length <= most.characters) return [];
    const message = `haproxy_client_networks has ${networks.length} networks, more than fit into a line of HAProxy’s`;
    const hint = `${most.networks} at most: put neighbours into one, with a shorter mask`;
    return [problemIn(given, 'haproxy_client_networks', { message, hint, host })];
  });
}
