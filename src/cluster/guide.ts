import { changedLimits, leadersLimits, restartOrder, type ChangedLimits } from '../clients/patroni/order.ts';
import type { Fleet } from '../engine/hosts/fleet.ts';
import type { RollingGuide } from '../engine/run-options.ts';
import { etcdGate } from '../components/etcd/gate.ts';
import type { Gate, GateView, Lead } from '../components/gate.ts';
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

/** The leader last, but for limits of the database that go down. */
async function leaderLast(view: GateView, gate: string, hosts: readonly string[]): Promise<string[]> {
  const lead = await gates[gate]?.lead?.(view);
  if (!lead || !hosts.includes(lead.leader)) return [...hosts];
  return restartOrder(hosts, lead, gate === 'patroni' && (await goesDown(view, lead)));
}

async function goesDown(view: GateView, { leader, members }: Lead): Promise<boolean> {
  const own = await limitsOn(view, leader);
  const others = own ? [] : members.filter((name) => name !== leader);
  const limits = await Promise.all(others.map((name) => limitsOn(view, name)));
  return leadersLimits(own, limits).down.length > 0;
}

async function limitsOn({ fleet, topology }: GateView, member: string): Promise<ChangedLimits | undefined> {
  const settings = await settingsOf(fleet, topology, member, Object.keys(topology.parameters));
  return settings && changedLimits(settings, topology.parameters);
}
