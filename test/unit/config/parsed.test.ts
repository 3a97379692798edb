import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseYaml } from '../../../src/config/yaml.ts';
import { placedIn, scalarsOf, type Node } from '../../../src/core/node.ts';
import { allParsed } from '../../../src/core/parsed.ts';
import { templateOfFile, templateOfScalar } from '../../../src/vars/template.ts';

const filesIn = (folder: string, ending: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => join(folder, path));
const fileOf = (path: string) => ({ path, text: readFileSync(path, 'utf8') });
/** What was parsed so far, as a start finds it in parsed.json. */
const stored = () => JSON.parse(allParsed()) as Record<'yaml' | 'template', Record<string, unknown>>;

test.each(filesIn('playbooks', '.yml'))('%s is read back as it was parsed', (path) => {
  const file = fileOf(path);
  const { root } = parseYaml(file);
  expect(placedIn(stored().yaml[file.text] as Node, file)).toEqual(root);
});

test.each(filesIn('templates', '.hbs'))('%s is read back as it was parsed', (path) => {
  const file = fileOf(path);
  const { program } = templateOfFile(file);
  expect(stored().template[file.text]).toEqual(program);
});

test('a text that is in two files has its positions in each', () => {
  const [one, two] = ['one.yml', 'two.yml'].map((path) => ({ path, text: 'a: [1, "{{ b }}"]\n' }));
  if (!one || !two) throw new Error('two files');
  parseYaml(one);
  const { root } = parseYaml(two);
  const scalars = [...scalarsOf(root ?? expect.fail())];
  expect(scalars.map(({ range }) => range)).toEqual([
    { file: two, start: 4, end: 5 },
    { file: two, start: 7, end: 16 },
  ]);
  const [, text] = scalars;
  const template = templateOfScalar(text ?? expect.fail());
  expect(template.place(template.program.body[0] ?? expect.fail())?.file).toBe(two);
});

test('what is wrong is told each time', () => {
  const file = { path: 'p.yml', text: 'a: 1\na: 2\n' };
  for (const _ of [1, 2]) expect(parseYaml(file).diagnostics).toHaveLength(1);
});
