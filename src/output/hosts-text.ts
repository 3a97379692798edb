/** From here on hosts are counted, not listed: a line for each would hide what matters. */
export const manyHosts = 20;

/** Hosts on one line: the names of some, the number of many. */
export function listHosts(hosts: readonly string[]): string {
  return hosts.length > manyHosts ? `${hosts.length} hosts` : hosts.join(' ');
}
