import { restartOrder } from '../clients/patroni/order.ts';
import { Ask } from '../components/ask.ts';
import type { Component } from '../components/component.ts';
import type { Look } from '../components/look.ts';
import { components } from '../components/registry.ts';
import type { Fleet } from '../engine/hosts/fleet.ts';
import type { RollingGuide } from '../engine/run-options.ts';
import type { Topology } from './topology.ts';

/** What a play may say under `rolling:`. */
export const rollingNames = {
  orders: ['inventory', 'leader-last'],
  gates: components.filter(({ gate }) => gate).map(({ name }) => name),
};

/** Knows order and gates of plays that roll over a cluster. */
export function guideOf(fleet: Fleet, topology: Topology): RollingGuide {
  const ask = new Ask(fleet);
  const guardOf = (name: string) => {
    const component = components.find((other) => other.name === name);
    if (!component?.gate) throw new Error(`no gate ${name}`);
    return {
      gate: component.gate,
      look: { ...topology.of(component), ask, cluster: topology.outline },
    };
  };
  return {
    order: async ({ order, gate }, hosts) =>
      order === 'leader-last' ? leaderLast(guardOf(gate), hosts) : hosts,
    async refusal(rolling, host, ahead) {
      const { gate, look } = guardOf(rolling.gate);
      return gate.refusal(look, host, ahead);
    },
    async missing(rolling, host) {
      const { gate, look } = guardOf(rolling.gate);
      return gate.missing(look, host);
    },
  };
}

interface Guard {
  readonly gate: NonNullable<Component['gate']>;
  readonly look: Look<unknown>;
}

/** The leader last, unless it has to go before the others. */
async function leaderLast({ gate, look }: Guard, hosts: readonly string[]): Promise<string[]> {
  const lead = await gate.lead?.(look);
  if (!lead || !hosts.includes(lead.leader)) return [...hosts];
  return restartOrder(hosts, lead, (await gate.leaderFirst?.(look, lead)) ?? false);
}
