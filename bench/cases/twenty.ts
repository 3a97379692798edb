import { compare, ratioTo, sameState, type Bench, type Comparison } from '../compare.ts';
import type { Address } from '../hosts.ts';
import { cold, type Contender } from '../tools.ts';
import { byHand, state, twentyByHand, twentyTasks, undo } from '../work/work.ts';

const sizes = [4, 10];

/** (a) Twenty tasks that find everything as it should be. */
export async function converged(bench: Bench): Promise<Comparison[]> {
  const { hosts } = bench;
  const comparisons: Comparison[] = [];
  await hosts.everywhere(byHand);
  for (const size of sizes) {
    const addresses = hosts.first(size);
    const comparison = await compare(bench, {
      title: `(a) 20 converged tasks on ${size} hosts`,
      contenders: everyTool(bench, addresses, `twenty-${size}`),
      after: sameState(bench, state, addresses),
      targets: (rows) =>
        size < 10
          ? []
          : [
              ratioTo(rows, cold, 1),
              ratioTo(rows, 'Ansible, pipelining', 1 / 45),
              ratioTo(rows, 'Mitogen', 1 / 20),
            ],
    });
    comparisons.push(comparison);
  }
  return comparisons;
}

/** (b) The same tasks on hosts where nothing is done yet. */
export async function firstRun(bench: Bench): Promise<Comparison[]> {
  const { hosts } = bench;
  const comparisons: Comparison[] = [];
  for (const size of sizes) {
    const addresses = hosts.first(size);
    const comparison = await compare(bench, {
      title: `(b) first run of 20 tasks on ${size} hosts`,
      contenders: everyTool(bench, addresses, `first-${size}`),
      before: () => hosts.everywhere(undo, addresses),
      after: sameState(bench, state, addresses),
      targets: (rows) => [ratioTo(rows, cold, 2)],
    });
    comparisons.push(comparison);
  }
  return comparisons;
}

function everyTool({ hosts, tools }: Bench, addresses: readonly Address[], name: string): Contender[] {
  return [
    ...quickTools({ hosts, tools }, addresses, name),
    ...tools.ansibles(addresses, ['ansible-playbook', '-i', hosts.inventory(name, addresses), twentyTasks]),
  ];
}

/** drover and the script. */
export function quickTools(
  { hosts, tools }: Pick<Bench, 'hosts' | 'tools'>,
  addresses: readonly Address[],
  name: string,
): Contender[] {
  const inventory = hosts.inventory(name, addresses);
  return [
    tools.drover('play', twentyTasks, '-i', inventory, '--json'),
    ...tools.ssh(addresses, name, (ssh) => `${ssh} sh -s <${twentyByHand}`),
  ];
}
