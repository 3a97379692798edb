import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadRun } from '../../../src/actions/load.ts';
import { componentFolders, homeOf } from '../../../src/config/component-folders.ts';
import { tasksOf } from '../../../src/config/playbook/model.ts';
import { toData } from '../../../src/core/node.ts';
import { InvalidInputError } from '../../../src/core/errors.ts';
import { Scope } from '../../../src/vars/scope.ts';
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

function problemsOf(
  files: Readonly<Record<string, string>>,
  playbook = 'playbooks/site.yml',
  ...extraVars: string[]
): string[] {
  const folder = folderOf(files);
  try {
    load(folder, playbook, ...extraVars);
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
    expect(problemsOf(cluster, 'playbooks/site.yml', 'web_prot=1')).toEqual([
      '-e:1:1 unknown variable "web_prot" -> did you mean "web_port"?',
    ]);
  });

  test.each(['playbooks/site.yml', 'playbooks/web/install.yml'])(
    '%s finds the variables and the templates beside it',
    (playbook) => {
      const { plays, declarations } = load(folderOf(cluster), playbook);
      expect(declarations.variables.get('web_port')?.at.file.path).toMatch(/web\/variables\.yml$/);
      const sources = plays.flatMap(({ play }) => [...tasksOf(play.tasks)].map(({ source }) => source));
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

describe('an import with an asterisk for the folder', () => {
  const files = {
    ...cluster,
    'playbooks/raise.yml':
      "- { name: all, hosts: all, tasks: [import_tasks: '*/check.yml'] }\n- import_playbook: '*/raise.yml'\n",
    'playbooks/web/check.yml': '- debug: { msg: web }',
    'playbooks/db/check.yml': '- debug: { msg: db }',
    'playbooks/other/check.yml': '- debug: { msg: other }',
    'playbooks/db/raise.yml': '- { name: raise db, hosts: db, tasks: [import_tasks: check.yml] }',
  };

  test('brings the file of each component that has one, in the order of site.yml', () => {
    const { plays } = load(folderOf(files), 'playbooks/raise.yml');
    const brought = plays.map(({ play }) => [
      play.name,
      ...[...tasksOf(play.tasks)].map(({ params }) => toData(params)),
    ]);
    expect(brought).toEqual([
      ['all', { msg: 'web' }, { msg: 'db' }],
      ['raise db', { msg: 'db' }],
    ]);
  });

  const typos = {
    ...files,
    'playbooks/raise.yml':
      "- { name: all, hosts: all, tasks: [import_tasks: '*/chekc.yml'] }\n- import_playbook: '*/nowhere.yml'\n",
  };

  test('is refused where no component has the file', () => {
    expect(problemsOf(typos, 'playbooks/raise.yml')).toEqual([
      'playbooks/raise.yml:1:50 no component has a file chekc.yml -> did you mean "check.yml"? looked in playbooks/web, playbooks/db',
      'playbooks/raise.yml:2:20 no component has a file nowhere.yml -> looked in playbooks/web, playbooks/db',
    ]);
  });

  test('is refused where there are no components', () => {
    const { 'playbooks/site.yml': _, ...alone } = typos;
    expect(problemsOf(alone, 'playbooks/raise.yml')[0]).toBe(
      'playbooks/raise.yml:1:50 no component has a file chekc.yml -> components are the folders that playbooks/site.yml imports from: there are none',
    );
  });

  test.each([
    ['- import_playbook: [', /^playbooks\/site\.yml:\d+:\d+ /],
    ['{ hosts: all }', /^playbooks\/site\.yml:1:1 a playbook is a list of plays$/],
  ])('reports what is wrong in site.yml, once: %s', (site, problem) => {
    const broken = { ...files, 'playbooks/site.yml': site };
    const found = problemsOf(broken, 'playbooks/raise.yml').filter(
      (line) => !line.includes('unknown variable'),
    );
    expect(found.filter((line) => problem.test(line))).toHaveLength(1);
    expect(found.filter((line) => line.includes('no component'))).toEqual([]);
  });

  test('reports an error of the site.yml that is played once', () => {
    const broken = `${files['playbooks/site.yml']}- import_playbook: raise.yml\n- { hosts: all, hosts: web }\n`;
    const found = problemsOf({ ...files, 'playbooks/site.yml': broken });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^playbooks\/site\.yml:6/);
  });
});

describe('software of components', () => {
  const withSoftware = (web: string, hosts = 'web') => ({
    ...cluster,
    'playbooks/shared.yml': `- { name: shared, hosts: '{{join cluster_groups}}', tasks: [{ apt: { name: '{{flatten (pick cluster_packages (intersect cluster_groups group_names))}}' }, provides: { units: '{{cluster_units}}' } }] }`,
    'playbooks/web/variables.yml': `software: { ${hosts}: ${web} }\nvariables: { web_port: { type: integer, default: 80, help: h } }`,
    'playbooks/db/variables.yml':
      "software: { db: { packages: ['db-{{zone}}'], units: [db] } }\nvariables: {}",
  });

  test('says which hosts are the cluster, and what they get', () => {
    const files = withSoftware("{ packages: '{{list zone}}', units: [web], paths: [/etc/web] }");
    const { plays, variables } = load(folderOf(files), 'playbooks/site.yml');
    expect(plays[0]?.play.name).toBe('shared');
    expect(plays[0]?.hosts).toEqual(['n1']);
    const get = (name: string) => new Scope([variables.defaults]).get(name);
    expect(get('cluster_groups')).toEqual(['web', 'db']);
    expect(get('cluster_packages')).toEqual({ web: ['a'], db: ['db-a'] });
    expect(get('cluster_units')).toEqual(['web', 'db']);
    expect(get('cluster_paths')).toEqual(['/etc/web']);
    expect(get('cluster_users')).toEqual([]);
  });

  test('may be of a group that inventories go without', () => {
    expect(problemsOf(withSoftware('{}', 'pool'))).toEqual([
      expect.stringMatching(/^playbooks\/shared.yml:1:26 no host or group "pool"/),
    ]);
    expect(problemsOf(withSoftware('{ optional: true }', 'pool'))).toEqual([]);
  });

  test('counts for nothing where no host is in an optional group', () => {
    const files = withSoftware('{ optional: true, units: [pool] }', 'pool');
    const { variables } = load(folderOf(files), 'playbooks/site.yml');
    const get = (name: string) => new Scope([variables.defaults]).get(name);
    expect([get('cluster_groups'), get('cluster_units')]).toEqual([['db'], ['db']]);
  });

  test.each([
    ['{ package: [x] }', ['web/variables.yml:1:20 unknown key "package" -> did you mean "packages"?']],
    ['{ units: x }', ['web/variables.yml:1:27 units must be a list']],
    ['[]', ['web/variables.yml:1:18 must be a map']],
  ])('%s is refused', (web, problems) => {
    expect(problemsOf(withSoftware(web)).map((line) => line.replace('playbooks/', ''))).toEqual(problems);
  });
});

test.each([
  ["'{{nobody}}'", 'p.yml:1:13 unknown variable "nobody"'],
  ["'{{list 1}}'", 'p.yml:1:10 hosts must be text -> join makes text of a list'],
  ["'{{zone}}'", 'p.yml:1:10 no host or group "a" -> there are: all, db, n1, ungrouped, web'],
])('hosts: %s is refused', (hosts, problem) => {
  const files = { ...cluster, 'playbooks/p.yml': `- hosts: ${hosts}` };
  expect(problemsOf(files, 'playbooks/p.yml')[0]).toBe(`playbooks/${problem}`);
});
