import { Option } from 'commander';
import { defaultRelease, suites } from '../../lab/release.ts';
import type { Handlers } from '../handlers.ts';
import { collectWords } from '../option-values.ts';
import type { Verb } from '../verb.ts';

/** Verbs that make and break throw-away hosts. */
export function addLab(program: Verb, { act }: Handlers): void {
  const lab = program
    .verb('lab', 'make and break throw-away hosts on this machine')
    .example('drover lab up', 'four hosts, and their inventory')
    .example('drover lab kill node1', 'what a power cut does to the cluster')
    .example('drover lab down', 'removes them');
  const named = (name: string, summary: string) =>
    lab.verb(name, summary).option('--name <lab>', 'name of the lab', 'lab').exits(3);
  const load = () => import('../commands/lab.ts');
  named('up', 'make the hosts and boot them')
    .option(
      '--from <inventory>',
      'inventory whose hosts to make (default: inventory/three-node.yml of drover)',
    )
    .addOption(
      new Option('--release <number>', 'release of Debian on the hosts')
        .choices(Object.keys(suites))
        .default(defaultRelease),
    )
    .option('--installed', 'with the packages installed, and nothing started')
    .addOption(
      new Option('--from-save <save>', 'hosts of a save of this lab, as it was').conflicts([
        'from',
        'release',
        'installed',
      ]),
    )
    .example('drover lab up', 'the hosts of inventory/three-node.yml')
    .example('drover lab up --from prod.yml --name prod', 'as many hosts as another inventory has')
    .example('drover lab up --from-save fresh', 'as they were when they were saved')
    .exits(5)
    .action(act(async () => (await load()).up));
  named('save', 'save the hosts as they are, for lab up --from-save; they are frozen meanwhile')
    .argument('<save>', 'name to save them under')
    .example('drover lab save fresh', 'drover lab up --from-save fresh goes back there')
    .action(act(async () => (await load()).save));
  lab
    .verb('saves', 'list what has been saved')
    .takes('json')
    .example('drover lab saves', 'name, lab and time')
    .action(act(async () => (await load()).saves));
  lab
    .verb('forget', 'remove a save')
    .argument('<save>', 'name of the save')
    .example('drover lab forget fresh', 'frees its disk space')
    .action(act(async () => (await load()).forget));
  named('down', 'remove everything the lab has made')
    .example('drover lab down --name prod', 'another lab than the default one')
    .action(act(async () => (await load()).down));
  named('status', 'list the hosts')
    .takes('json')
    .example('drover lab status', 'address and state of each')
    .action(act(async () => (await load()).status));
  named('ssh', 'log in to a host')
    .argument('<host>', 'name of the host')
    .argument('[command...]', 'command to run there instead of a shell')
    .endsInCommand()
    .example('drover lab ssh node1', 'a shell')
    .example('drover lab ssh node1 -- journalctl -u patroni', 'one command; its exit code is passed on')
    .action(act(async () => (await load()).ssh));
  for (const [name, summary, purpose] of [
    ['kill', 'turn a host off as a power cut would', 'its disk keeps what was synced'],
    ['stop', 'shut a host down', 'its services stop first'],
    ['start', 'boot a host that is off', 'after kill or stop'],
    ['pause', 'freeze a host', 'it answers nobody, and does not know'],
    ['heal', 'end a pause and a partition', 'after pause or partition'],
  ] as const) {
    named(name, summary)
      .argument('<host>', 'name of the host')
      .example(`drover lab ${name} node1`, purpose)
      .action(act(async () => (await load()).fault(name)));
  }
  named('partition', 'cut a host off from the other hosts')
    .argument('<host>', 'name of the host')
    .option('--from <hosts>', 'only from these, separated by commas', collectWords)
    .example('drover lab partition node1', 'from all others')
    .example('drover lab partition node1 --from node2,node3', 'the HAProxy host still reaches it')
    .action(act(async () => (await load()).partition));
}
