import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { listInventory } from '../../src/actions/inventory.ts';
import { Problems } from '../../src/config/files.ts';
import { loadInventory } from '../../src/config/inventory/load.ts';
import { laidOut, listed } from '../inventories/cases.ts';
import { askAnsible } from './ansible.ts';
import { randomInventory } from './random-inventory.ts';

const count = Number(process.env['DROVER_INVENTORIES'] ?? 500);
const seed = Number(process.env['DROVER_SEED'] ?? 1);

test(`${count} random inventories are what Ansible makes of them, or refused by both`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-ansible-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const all = fc
    .sample(randomInventory, { numRuns: count, seed })
    .map((each, index) => ({ each, ...laidOut(join(folder, String(index)), each) }));
  const answers = await askAnsible(all);
  let taken = 0;
  for (const [index, { each, sources, playbookDir }] of all.entries()) {
    const answer = answers[index];
    const problems = new Problems();
    const inventory = loadInventory(sources, playbookDir === undefined ? [] : [playbookDir], problems);
    const told = problems.list.map(({ message }) => message).join('\n');
    const what = `inventory ${index} of seed ${seed}: ${JSON.stringify(each)}\n${told}\n${JSON.stringify(answer)}`;
    expect(typeof answer === 'string', what).toBe(problems.list.length > 0);
    if (typeof answer === 'string') continue;
    taken++;
    expect(JSON.parse(JSON.stringify(listed(listInventory(inventory)))), what).toEqual(answer);
  }
  expect(taken / count).toBeGreaterThan(0.9);
});
