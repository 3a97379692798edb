import { directions, withFallbacks } from '../clients/pg-settings.ts';
import type { Fleet } from '../engine/hosts/fleet.ts';
import type { RollingGuide } from '../engine/run-options.ts';
import { etcdGate } from '../components/etcd/gate.ts';
import type { Gate, GateView } from '../components/gate.ts';
import { haproxyGate } from '../components/haproxy/gate.ts';
import { patroniGate } from '../components/patroni/gate.ts';
import { settingsOf } from './settings.ts';
import type { Topology } from '../components/topology.ts';

const gates: Readonly<Record<string, Gate>> = {
  etcd: etcdGate,
  patroni: patroniGate,
  haproxy: haproxyGate,
};

/** Knows order and gates of plays that roll over a cluster. */
export function guideOf(fleet: Fleet, topology: Topology): RollingGuide {
  const view: GateView = { fleet, topology };
  return {
    order: async ({ order, gate }, hosts) =>
      order === 'leader-last' ? leaderLast(view, gate, hosts) : hosts,
    refusal: async ({ gate }, host, ahead) => gates[gate]?.refusal(view, host, ahead),
    missing: async ({ gate }, host) => gates[gate]?.missing(view, host),
  };
}

/**
 * The leader after the other members; Patroni's before them when a parameter goes down of which they must have at
 * least the leader's value. Who is to join comes last: the leader must have let it in before.
 */
async function leaderLast(view: GateView, gate: string, hosts: readonly string[]): Promise<string[]> {
  const lead = await gates[gate]?.lead?.(view);
  if (!lead || !hosts.includes(lead.leader)) return [...hosts];
  const { leader, members } = lead;
  const replicas = hosts.filter((host) => host !== leader && members.includes(host));
  const joining = hosts.filter((host) => !members.includes(host));
  return gate === 'patroni' && (await goesDown(view, leader, replicas))
    ? [leader, ...replicas, ...joining]
    : [...replicas, leader, ...joining];
}

/**
 * Whether a parameter goes down: on the leader, or where that does not say, on any member. It may be restarting at this
 * moment; what it has taken over already, it need not do again.
 */
async function goesDown(view: GateView, leader: string, others: readonly string[]): Promise<boolean> {
  const own = await downOn(view, leader);
  if (own !== undefined) return own;
  const down = await Promise.all(others.map((member) => downOn(view, member)));
  return down.includes(true);
}

async function downOn({ fleet, topology }: GateView, member: string): Promise<boolean | undefined> {
  const settings = await settingsOf(fleet, topology, member, Object.keys(topology.parameters));
  return settings && directions(settings, withFallbacks(settings, topology.parameters)).down.length > 0;
}
