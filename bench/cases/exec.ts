import { compare, ratioTo, rowOf, type Bench, type Comparison, type Row, type Target } from '../compare.ts';
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
        targets: (rows) => targetsOf(count, rows),
      },
    );
    comparisons.push(comparison);
  }
  return comparisons;
}

function targetsOf(count: number, rows: readonly Row[]): Target[] {
  switch (count) {
    case 100:
      return [ratioTo(rows, cold, 0.5), ratioTo(rows, curve, 1.2)];
    case 500: {
      const { memory } = rowOf(rows, drover);
      return [{ what: 'drover’s peak memory', found: memory, atMost: 300, unit: ' MB' }];
    }
    default:
      return [];
  }
}
