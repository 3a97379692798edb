import { Lab } from '../../src/lab/lab.ts';
import { namesOf } from '../../src/lab/names.ts';
import { compare, ratioTo, type Bench, type Comparison } from '../compare.ts';
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
    const first = await compare(
      { ...bench, runs: 1 },
      { title: '(f) first run of site.yml on 4 hosts', contenders: [play], bytes },
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
