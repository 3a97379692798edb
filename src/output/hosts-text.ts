/** From this many on, hosts are counted rather than listed: a line for each would hide what matters. */
export const manyHosts = 20;

/** Hosts on one line: the names of a few, the number of many. */
export function listHosts(hosts: readonly string[]): string {
  return hosts.length > manyHosts ? `${hosts.length} hosts` : hosts.join(' ');
}
