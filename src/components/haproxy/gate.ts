import { isUp, parseStat, showStatScript, type HaproxyServer } from '../../clients/haproxy.ts';
import { runOn } from '../ask.ts';
import type { Gate, GateView } from '../gate.ts';

/** An entry is well when it knows a primary; with several, another one has to be well while this one is out. */
export const haproxyGate: Gate = {
  async refusal(view, host) {
    const others = view.topology.haproxy.filter(({ name }) => name !== host);
    if (others.length === 0) return undefined;
    const lacks = await Promise.all(others.map(({ name }) => lacking(view, name)));
    return lacks.every((lack) => lack !== undefined)
      ? `no other entry is well (${lacks.join(', ')})`
      : undefined;
  },
  async missing(view, host) {
    if (!view.topology.haproxy.some(({ name }) => name === host)) return undefined;
    return lacking(view, host);
  },
};

async function lacking({ fleet, topology }: GateView, host: string): Promise<string | undefined> {
  if (topology.postgres.length === 0) return undefined;
  const servers = await readServers(fleet, host);
  if (!servers) return `HAProxy on ${host} does not answer`;
  const up = servers.filter((server) => server.proxy === 'primary' && isUp(server));
  return up.length === 1 ? undefined : `HAProxy on ${host} sees ${up.length} primaries`;
}

async function readServers(
  fleet: GateView['fleet'],
  host: string,
): Promise<readonly HaproxyServer[] | undefined> {
  const { status, stdout } = await runOn(fleet, host, showStatScript);
  return status === 0 ? parseStat(stdout) : undefined;
}
