import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadRun } from '../../../src/actions/load.ts';
import { componentFolders, homeOf } from '../../../src/config/component-folders.ts';
import { tasksOf } from '../../../src/config/playbook/model.ts';
import { InvalidInputError } from '../../../src/core/errors.ts';
import { folderOf, told } from '../support.ts';

const cluster = {
  'hosts.yml': 'all: { children: { web: { hosts: { n1: } }, db: { hosts: { n1: } } } }',
  'playbooks/site.yml':
    '- import_playbook: shared.yml\n- import_playbook: web/install.yml\n- import_playbook: db/install.yml\n- import_playbook: web/again.yml\n',
  'playbooks/shared.yml': '- { hosts: all, tasks: [debug: { msg: "{{zone}}" }] }',
  'playbooks/variables.yml': 'variables: { zone: { type: text, default: a, help: h } }',
  'playbooks/web/install.yml': '- { hosts: web, tasks: [template: { src: etc/web.hbs, dest: /etc/web }] }',
  'playbooks/web/again.yml': '- { hosts: web }',
  'playbooks/web/variables.yml':
    'namespaces: [web_]\nvariables: { web_port: { type: integer, default: 80, help: h } }',
  'playbooks/db/install.yml': '- { hosts: db }',
  'playbooks/other/variables.yml': 'no: declarations',
  'templates/etc/web.hbs': '{{web_port}} {{zone}}',
};

const load = (folder: string, playbook: string, ...extraVars: string[]) =>
  loadRun(
    join(folder, playbook),
    { inventory: [join(folder, 'hosts.yml')], tags: [], skipTags: [], extraVars },
    false,
  );

function problemsOf(files: Readonly<Record<string, string>>, ...extraVars: string[]): string[] {
  const folder = folderOf(files);
  try {
    load(folder, 'playbooks/site.yml', ...extraVars);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return told(error.diagnostics, folder);
  }
}

describe('a folder of playbooks', () => {
  test('has the folders that its site.yml imports from as components, in that order', () => {
    const folder = folderOf(cluster);
    const home = join(folder, 'playbooks');
    expect(componentFolders(home)).toEqual([join(home, 'web'), join(home, 'db')]);
    expect(componentFolders(folder)).toEqual([]);
    expect([homeOf(join(home, 'web')), homeOf(home), homeOf(join(home, 'other'))]).toEqual([
      home,
      home,
      join(home, 'other'),
    ]);
  });

  test('declares the variables of its components with its own', () => {
    const { declarations } = load(folderOf(cluster), 'playbooks/site.yml');
    expect([...declarations.variables.keys()]).toEqual(['zone', 'web_port']);
    expect(problemsOf(cluster, 'web_prot=1')).toEqual([
      '-e:1:1 unknown variable "web_prot" -> did you mean "web_port"?',
    ]);
  });

  test.each(['playbooks/site.yml', 'playbooks/web/install.yml'])(
    '%s finds the variables and the templates beside it',
    (playbook) => {
      const { plays, declarations } = load(folderOf(cluster), playbook);
      expect(declarations.variables.get('web_port')?.at.file.path).toMatch(/web\/variables\.yml$/);
      const sources = plays.flatMap(({ play }) => [...tasksOf(play.steps)].map(({ source }) => source));
      expect(sources.flatMap((source) => (source && 'text' in source ? [source.text] : []))).toEqual([
        '{{web_port}} {{zone}}',
      ]);
    },
  );

  test('refuses a variable that two of them declare', () => {
    const twice = 'variables: { zone: { type: text, default: b, help: h } }';
    expect(problemsOf({ ...cluster, 'playbooks/db/variables.yml': twice })).toEqual([
      'playbooks/db/variables.yml:1:14 zone is declared twice -> first in playbooks/variables.yml',
    ]);
  });
});
