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
import { drover } from '../tools.ts';
import { bytesOver } from '../hosts.ts';

/** (f) The whole cluster: its first run, and a re-run held against connecting to its hosts and running `true`. */
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
      { ...bench, runs: 1 },
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
      contenders: [play, { ...connect, name: 'drover exec true' }],
      bytes,
      targets: (rows) => [ratioTo(rows, 'drover exec true', 1.5)],
    });
    return [first, again];
  } finally {
    await lab.down();
  }
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
