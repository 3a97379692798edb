import { TaskFailedError } from '../core/errors.ts';
import { lowerForwarding, raiseForwarding } from './forwarding.ts';
import { subnetOf, type LabNames } from './names.ts';
import { run, succeeds } from './shell.ts';

/** A bridge with NAT to the outside, so that the hosts reach package mirrors. */
export async function raiseNetwork(names: LabNames): Promise<void> {
  const { bridge, table, lab } = names;
  const { prefix, gateway } = subnetOf(lab);
  if (!(await succeeds('ip', ['link', 'show', bridge]))) {
    await refuseOverlap(`${prefix}.0/24`);
    await run('ip', ['link', 'add', bridge, 'type', 'bridge']);
    await run('ip', ['addr', 'add', `${gateway}/24`, 'dev', bridge]);
    await run('ip', ['link', 'set', bridge, 'up']);
  }
  await raiseForwarding();
  const rules = `table ip ${table} {
  chain nat { type nat hook postrouting priority 100; ip saddr ${prefix}.0/24 ip daddr != ${prefix}.0/24 masquerade; }
}
table bridge ${table} {
  set cut { type ifname . ifname; }
  chain cut { type filter hook forward priority 0; iifname . oifname @cut drop; oifname . iifname @cut drop; }
}
`;
  await run('nft', ['-f', '-'], `delete table ip ${table}\n`).catch(() => undefined);
  await run('nft', ['-f', '-'], `delete table bridge ${table}\n`).catch(() => undefined);
  await run('nft', ['-f', '-'], rules);
}

async function refuseOverlap(subnet: string): Promise<void> {
  const routes = await run('ip', ['-4', '-o', 'route', 'show', 'to', 'match', subnet]);
  const other = routes.split('\n').find((route) => route !== '' && !route.startsWith('default'));
  const within = await run('ip', ['-4', '-o', 'route', 'show', 'to', 'root', subnet]);
  const found = other ?? within.split('\n').find((route) => route !== '');
  if (found !== undefined) {
    throw new TaskFailedError(`the lab's network ${subnet} is in use: ${found.trim()}`, {
      hint: 'another --name has another network',
    });
  }
}

/** A host's own network namespace, on the bridge by a cable. */
export async function plugIn(names: LabNames, host: string, address: string): Promise<void> {
  const namespace = names.machine(host);
  const cable = names.cable(host);
  const { gateway } = subnetOf(names.lab);
  const inside = (...args: string[]) => run('ip', ['-n', namespace, ...args]);
  await run('ip', ['netns', 'add', namespace]);
  await run('ip', ['link', 'add', cable, 'type', 'veth', 'peer', 'name', 'host0', 'netns', namespace]);
  await run('ip', ['link', 'set', cable, 'master', names.bridge, 'up']);
  await inside('addr', 'add', `${address}/24`, 'dev', 'host0');
  await inside('link', 'set', 'host0', 'up');
  await inside('link', 'set', 'lo', 'up');
  await inside('route', 'add', 'default', 'via', gateway);
}

/** Cuts a host off from others, both ways, not from this machine. */
export async function cutOff(names: LabNames, host: string, others: readonly string[]): Promise<void> {
  await changeCut(
    names,
    'add',
    others.map((other) => [names.cable(host), names.cable(other)]),
  );
}

/** Ends what a host was cut off from. */
export async function rejoin(names: LabNames, host: string): Promise<void> {
  await changeCut(names, 'delete', await cutsOf(names, host));
}

/** Whether a host was cut off. */
export async function isCut(names: LabNames, host: string): Promise<boolean> {
  return (await cutsOf(names, host)).length > 0;
}

/** The cable of a host that was cut off, with each from which it was. */
async function cutsOf(names: LabNames, host: string): Promise<string[][]> {
  const listing = await run('nft', ['list', 'set', 'bridge', names.table, 'cut']).catch(() => '');
  return [...listing.matchAll(/"([^"]+)" \. "([^"]+)"/g)]
    .map(([, own = '', other = '']) => [own, other])
    .filter(([own]) => own === names.cable(host));
}

async function changeCut(
  { table }: LabNames,
  change: 'add' | 'delete',
  cuts: readonly (readonly string[])[],
): Promise<void> {
  if (cuts.length === 0) return;
  const elements = cuts.map((cables) => cables.map((cable) => `"${cable}"`).join(' . ')).join(', ');
  await run('nft', [change, 'element', 'bridge', table, 'cut', `{ ${elements} }`]);
}

/** Hosts of the lab that have a network namespace. */
export async function pluggedHosts(names: LabNames): Promise<string[]> {
  const prefix = names.machine('');
  const listing = await run('ip', ['netns', 'list']);
  return listing
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
}

export async function unplug(names: LabNames, host: string): Promise<void> {
  await removeLink(names.cable(host));
  await run('ip', ['netns', 'del', names.machine(host)]).catch(() => undefined);
}

/** A cable goes by itself too, when the kernel gets to a namespace that nobody is in any more. */
async function removeLink(name: string): Promise<void> {
  try {
    await run('ip', ['link', 'del', name]);
  } catch (error) {
    if (await succeeds('ip', ['link', 'show', name])) throw error;
  }
}

/** Takes the lab's network away. */
export async function lowerNetwork({ bridge, table }: LabNames): Promise<void> {
  for (const family of ['ip', 'bridge'])
    await run('nft', ['delete', 'table', family, table]).catch(() => undefined);
  await removeLink(bridge);
  await lowerForwarding();
}
