import { compare, ratioTo, sameState, type Bench, type Comparison } from '../compare.ts';
import { relayPort } from '../hosts.ts';
import { Relay } from '../relay.ts';
import { cold } from '../tools.ts';
import { byHand, state } from '../work/work.ts';
import { quickTools } from './twenty.ts';

/** (d) Converged tasks on hosts that are far away. */
export async function far(bench: Bench): Promise<Comparison[]> {
  const { hosts } = bench;
  const near = hosts.first(10);
  await hosts.everywhere(byHand);
  const comparisons: Comparison[] = [];
  for (const roundTrip of [50, 150]) {
    const relays = await Promise.all(
      near.map(({ address, port }, index) =>
        Relay.open(relayPort(index), { host: address, port }, roundTrip),
      ),
    );
    const addresses = near.map(({ name }, index) => ({ name, address: '127.0.0.1', port: relayPort(index) }));
    try {
      const comparison = await compare(bench, {
        title: `(d) 20 converged tasks on 10 hosts, ${roundTrip} ms away`,
        contenders: quickTools(bench, addresses, `far-${roundTrip}`),
        after: sameState(bench, state, near),
        trips: () => Math.max(...relays.map((relay) => relay.takeTrips())),
        targets: (rows) => [ratioTo(rows, cold, 1.3)],
      });
      comparisons.push(comparison);
    } finally {
      for (const relay of relays) relay.close();
    }
  }
  return comparisons;
}
