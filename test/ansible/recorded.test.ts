import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { cases, laidOut, recorded, recordedFile, type Listed } from '../inventories/cases.ts';
import { askAnsible } from './ansible.ts';

/** With DROVER_RECORD=yes it writes the recording. */
test('what is recorded of the inventories is what Ansible makes of them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-ansible-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const all = cases();
  const answers = await askAnsible(
    all.map(([, each], index) => ({
      ...laidOut(join(folder, String(index)), each),
      patterns: each.patterns,
    })),
  );
  const taken = all.flatMap(([name], index) => {
    const answer = answers[index];
    return answer === undefined || typeof answer === 'string' ? [] : [[name, answer] as const];
  });
  const made: Record<string, Listed> = Object.fromEntries(taken);
  if (process.env['DROVER_RECORD'] === 'yes')
    writeFileSync(recordedFile, `${JSON.stringify(made, null, 1)}\n`);
  expect(made).toEqual(recorded());
  const refused = all.filter(([name]) => made[name] === undefined);
  expect(refused.map(([name]) => name)).toEqual(
    all.filter(([, { error }]) => error !== undefined).map(([name]) => name),
  );
});
