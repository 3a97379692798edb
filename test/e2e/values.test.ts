import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { loadDeclarations, type Declaration } from '../../src/config/declarations.ts';
import { Problems } from '../../src/config/files.ts';
import { randomValue } from '../random-values.ts';
import { drover, expectExit, leaderOf, TestLab, threeFastNodes } from './harness.ts';
import { generator } from './random.ts';

const playbooks = fileURLToPath(new URL('../../playbooks', import.meta.url));
const lab = new TestLab();
/** Sets of values, one after the other on one cluster. */
const rounds = Number(process.env['DROVER_VALUES'] ?? 1);
const seed = Number(process.env['DROVER_SEED'] ?? 1);
const random = generator(seed);
const nodes = ['node1', 'node2', 'node3'];

beforeAll(() => lab.upHealthy(threeFastNodes()));
afterAll(() => lab.down());

/** What a cluster in use can be given, and whose own time does not decide how long a failover takes. */
function mayChange({ name, type, effect, unit }: Declaration): boolean {
  return (
    type !== 'secret' &&
    effect !== 'new clusters only' &&
    unit !== 's' &&
    !/^(package_|cluster_|internal_|client_address|watchdog_|etcd_|manage_)|_(packages|addresses|versions|repository|bin_dir|config_path|dcs|defaults)$/.test(
      name,
    )
  );
}

const changeable = [...loadDeclarations(playbooks, new Problems()).variables.values()].filter(mayChange);

/** Values that validate accepts, in an inventory. */
async function accepted(source: string): Promise<string> {
  for (;;) {
    const chosen = Array.from({ length: 8 }, () => changeable[Math.floor(random() * changeable.length)]);
    const lines = new Map(
      chosen.map((declaration) =>
        declaration
          ? [declaration.name, JSON.stringify(randomValue(declaration, { random, hostile: false }))]
          : ['', ''],
      ),
    );
    const kept = source.split('\n').filter((line) => !lines.has(line.trim().split(':')[0] ?? ''));
    const vars = [...lines].map(([name, value]) => `    ${name}: ${value}`);
    const text = kept.join('\n').replace(/^( {2}vars:)$/m, `$1\n${vars.join('\n')}`);
    writeFileSync(lab.inventory, text);
    if ((await drover('validate', '-i', lab.inventory)).exitCode === 0) return vars.join('\n');
  }
}

it.each(Array.from({ length: rounds }, (_, round) => round))(
  `what validate accepts a cluster survives: a provision, restarts and a failover (seed ${seed}, round %i)`,
  { timeout: 1_800_000 },
  async () => {
    const source = readFileSync(lab.inventory, 'utf8');
    const vars = await accepted(source);
    console.log(vars);
    try {
      expectExit(await drover('provision', '-y', '-i', lab.inventory, '--json'), 0);
      for (const node of nodes)
        expectExit(await drover('restart', node, '-y', '-i', lab.inventory, '--json'), 0);
      const leader = await leaderOf(lab.inventory);
      await lab.lab.kill(leader);
      const others = nodes.filter((node) => node !== leader);
      await vi.waitFor(async () => expect(others).toContain(await leaderOf(lab.inventory)), {
        timeout: 180_000,
        interval: 500,
      });
      await lab.lab.start(leader);
      await vi.waitFor(async () => expectExit(await drover('verify', '-i', lab.inventory, '--json'), 0), {
        timeout: 180_000,
        interval: 1000,
      });
    } finally {
      writeFileSync(lab.inventory, source);
    }
  },
);
