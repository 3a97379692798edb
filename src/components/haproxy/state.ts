import { isUp, parseStat, showStatScript, type HaproxyServer } from '../../clients/haproxy.ts';
import type { Ask } from '../ask.ts';

export interface HaproxyState {
  readonly servers: readonly HaproxyServer[];
  /** Why it does not answer. */
  readonly problem: string | undefined;
}

export async function lookAtEntry(
  { ask }: { readonly ask: Ask },
  host: { readonly name: string },
): Promise<HaproxyState> {
  const { status, stdout, stderr } = await ask.run(host.name, showStatScript);
  if (status !== 0) return { servers: [], problem: stderr.trim() || 'not reachable' };
  return { servers: parseStat(stdout), problem: undefined };
}

/** The servers behind one of its proxies that are up: those that get connections. */
export function serversUp({ servers }: HaproxyState, proxy: 'primary' | 'standbys'): string[] {
  return servers.filter((server) => server.proxy === proxy && isUp(server)).map(({ server }) => server);
}
