import { join } from 'node:path';
import { Lab } from '../../src/lab/lab.ts';
import { namesOf } from '../../src/lab/names.ts';
import { EventLine } from '../../src/engine/events.ts';
import { criticalPath } from '../../src/output/timings.ts';
import {
  compare,
  ratioTo,
  rowOf,
  tripsOfDrover,
  type Bench,
  type Comparison,
  type Target,
} from '../compare.ts';
import { quoteAll } from '../../src/shell/quote.ts';
import { atOnce, cold, drover, fast, type Contender } from '../tools.ts';
import { bytesOver } from '../hosts.ts';

/**
 * (f) The whole cluster: its first run, and a re-run held against connecting to its hosts and running `true`. What the
 * same questions cost by hand shows how much of the rest is the hosts' own, which share this machine's processors.
 */
export async function site(bench: Bench): Promise<Comparison[]> {
  const names = namesOf('benchha');
  const lab = new Lab(names.lab, (message) => bench.say(message));
  await lab.down();
  try {
    await lab.up('inventory/three-node.yml');
    const provision = ['provision', '-i', lab.inventory, '--no-verify', '--json'];
    const bytes = () => bytesOver(names.bridge);
    const play = bench.tools.drover(...provision, '-y');
    let told = '';
    const first = await compare(
      { ...bench, runs: 1, beside: undefined },
      {
        title: '(f) first run of site.yml on 4 hosts',
        contenders: [play],
        bytes,
        trips: (sample) => {
          told = sample.stdout;
          return tripsOfDrover(sample);
        },
        targets: (rows) => [ratioToUnavoidable(rowOf(rows, drover).seconds, told)],
      },
    );
    const connect = bench.tools.drover('exec', '-i', lab.inventory, 'all', 'true');
    const again = await compare(bench, {
      title: '(f) re-run of site.yml on 4 hosts',
      contenders: [play, { ...connect, name: 'drover exec true' }, ...byHand(lab, bench.hosts.folder)],
      bytes,
      targets: (rows) => ['drover exec true', cold].map((name) => ratioTo(rows, name, 1.5)),
    });
    return [first, again];
  } finally {
    await lab.down();
  }
}

/** `true` by ssh, with OpenSSH's own key exchange and a faster one, and what a re-run asks of hosts and APIs. */
function byHand(lab: Lab, folder: string): Contender[] {
  const questions = 'bench/work/questions.sh';
  const hosts = lab.hosts();
  const members = hosts.filter(({ name }) => name.startsWith('node'));
  const prefix = JSON.stringify({ key: btoa('/service/'), range_end: btoa('/service0') });
  const asked = [
    ['2379/health'],
    ['2379/v3/cluster/member/list', '-d', '{}'],
    ['2379/v3/kv/range', '-d', prefix],
    ...['8008/health', '8008/patroni', '8008/cluster'].map((path) => [path]),
  ];
  const apis = members.flatMap(({ address }) =>
    asked.map(([path, ...body]) =>
      quoteAll(['curl', '-sf', '-o', '/dev/null', ...body, `http://${address}:${path ?? ''}`]),
    ),
  );
  return [
    { name: cold, options: [] },
    { name: `${cold}, curve25519`, options: ['-o', fast] },
  ].flatMap(({ name, options }, index) => {
    const ssh = (host: string, command: string) => quoteAll(lab.sshCommand(host, [command], options));
    const file = (what: string) => join(folder, `site-${what}-${index}.sh`);
    const answers = hosts.map((host) => `${ssh(host.name, 'sh')} < ${questions}`);
    return [
      atOnce(
        name,
        file('true'),
        hosts.map((host) => ssh(host.name, 'true')),
      ),
      atOnce(`${name}, the same questions`, file('questions'), [...answers, ...apis]),
    ];
  });
}

/** A first run's time against what no tool can spare it: packages, and etcd, Patroni and HAProxy coming up. */
function ratioToUnavoidable(seconds: number, told: string): Target {
  const events = told
    .trimEnd()
    .split('\n')
    .map((line) => EventLine.parse(JSON.parse(line)));
  const path = criticalPath(events.map((event) => ({ at: Date.parse(event.time) / 1000, event })));
  const parts = new Map<string, number>();
  for (const { what, trips } of path) {
    const own = trips.filter(
      (trip) => what === 'play packages' || trip.what === 'member' || trip.what.startsWith('waiting for'),
    );
    const part = what.replace('play ', '');
    for (const trip of own) parts.set(part, (parts.get(part) ?? 0) + trip.seconds);
  }
  const sum = [...parts.values()].reduce((total, each) => total + each, 0);
  const list = [...parts].map(([part, each]) => `${part} ${each.toFixed(1)} s`).join(', ');
  return { what: `first run : its critical path (${list})`, found: seconds / sum, atMost: 1.2, unit: '' };
}
