import { mkdtempSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { build } from '../../../src/lab/image.ts';

const write = (text: string) => (folder: string) => {
  writeFileSync(join(folder, 'file'), text);
  return Promise.resolve();
};

it('replaces what was there when it began', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-image-'));
  const place = join(folder, 'layer');
  await build(place, write('old'));
  await build(place, write('new'));
  expect(readFileSync(join(place, 'file'), 'utf8')).toBe('new');
  expect(readdirSync(folder)).toEqual(['layer']);
});

it('leaves a layer alone that another lab made meanwhile and may have mounted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-image-'));
  const place = join(folder, 'layer');
  await build(place, async (mine) => {
    await write('second')(mine);
    await build(join(folder, 'other'), write('first'));
    renameSync(join(folder, 'other'), place);
  });
  expect(readFileSync(join(place, 'file'), 'utf8')).toBe('first');
  expect(readdirSync(folder)).toEqual(['layer']);
});
