import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { shipped } from '../../../scripts/shipped.ts';
import { parseYaml } from '../../../src/config/yaml.ts';
import { placedIn, scalarsOf, type Node } from '../../../src/core/node.ts';
import { templateOfFile } from '../../../src/vars/template.ts';

const filesIn = (folder: string, ending: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => join(folder, path));
const fileOf = (path: string) => ({ path, text: readFileSync(path, 'utf8') });
/** As a start finds it in parsed.json. */
const stored = JSON.parse(shipped()) as Record<'yaml' | 'template', Record<string, unknown>>;
const playbooks = filesIn('playbooks', '.yml');

test.each(playbooks)('%s is read back as it is parsed', (path) => {
  const file = fileOf(path);
  expect(placedIn(stored.yaml[file.text] as Node, file)).toEqual(parseYaml(file).root);
});

test.each(filesIn('templates', '.hbs'))('%s is read back as it is parsed', (path) => {
  const file = fileOf(path);
  expect(stored.template[file.text]).toEqual(templateOfFile(file).program);
});

test('nothing else is kept: an inventory may hold passwords', () => {
  expect(Object.keys(stored.yaml).sort()).toEqual(playbooks.map((path) => fileOf(path).text).sort());
});

test('a text that is in two files has its positions in each', () => {
  const [one, two] = ['one.yml', 'two.yml'].map((path) => ({ path, text: 'a: [1, "{{ b }}"]\n' }));
  if (!one || !two) throw new Error('two files');
  const root = placedIn(parseYaml(one).root ?? expect.fail(), two);
  expect([...scalarsOf(root)].map(({ range }) => range)).toEqual([
    { file: two, start: 4, end: 5 },
    { file: two, start: 7, end: 16 },
  ]);
});
