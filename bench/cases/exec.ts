import { compare, ratioTo, rowOf, type Bench, type Comparison } from '../compare.ts';
import { cold, curve, drover } from '../tools.ts';

/** (c) `true` on many addresses at once. */
export async function exec(bench: Bench): Promise<Comparison[]> {
  const { hosts, tools } = bench;
  const comparisons: Comparison[] = [];
  for (const count of [10, 100, 500]) {
    const addresses = hosts.many(count);
    const name = `exec-${count}`;
    const inventory = hosts.inventory(name, addresses);
    const ansible = ['ansible', '-i', inventory, 'all', '-m', 'raw', '-a', 'true'];
    const comparison = await compare(
      { ...bench, runs: count > 100 ? 1 : bench.runs },
      {
        title: `(c) true on ${count} addresses`,
        contenders: [
          tools.drover('exec', '-i', inventory, 'all', 'true'),
          ...tools.ssh(addresses, name, (ssh) => `${ssh} true`),
          ...tools
            .ansibles(addresses, ansible)
            .filter((contender) => contender.name === 'Ansible, pipelining'),
        ],
        targets: (rows) => [
          ratioTo(rows, cold, 0.5),
          ratioTo(rows, curve, 1.2),
          { what: 'drover’s peak memory', found: rowOf(rows, drover).memory, atMost: 300, unit: ' MB' },
        ],
      },
    );
    comparisons.push(comparison);
  }
  return comparisons;
}
