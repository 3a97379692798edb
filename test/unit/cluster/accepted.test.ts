import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadRun } from '../../../src/actions/load.ts';
import { parseHba } from '../../../src/components/patroni/checks/hba-line.ts';
import { loadDeclarations } from '../../../src/config/declarations.ts';
import { Problems } from '../../../src/config/files.ts';
import { scopeOf, type RunVariables } from '../../../src/config/host-variables.ts';
import { InvalidInputError } from '../../../src/core/errors.ts';
import { entryOf, toData, type Node } from '../../../src/core/node.ts';
import { renderValue } from '../../../src/vars/evaluate.ts';
import { templateOfFile } from '../../../src/vars/template.ts';
import { textOf } from '../../../src/vars/value.ts';
import { generator } from '../../e2e/random.ts';
import { randomValue } from '../../random-values.ts';
import { folderOf, nodeOf } from '../support.ts';
import { inventoryOf } from './inventories.ts';

const project = fileURLToPath(new URL('../../..', import.meta.url));
const { variables: declared } = loadDeclarations(join(project, 'playbooks'), new Problems());
// These are made of others, or belong to each host.
const given = [...declared.values()].filter(
  ({ name, type }) =>
    type !== 'secret' &&
    !/^package_|_packages$|_members$|_addresses$|_versions$|^patroni_dcs$|internal_/.test(name),
);

const templates = {
  haproxy: 'etc/haproxy/haproxy.cfg.hbs',
  patroni: 'etc/patroni/config.yml.hbs',
  etcd: 'etc/default/etcd.hbs',
  etcdInitial: 'etc/default/etcd-initial.hbs',
};
type Files = Record<keyof typeof templates, string>;

/** The configuration files of a host, or undefined where validate refuses the variables. */
function filesOf(vars: string): Files | undefined {
  const folder = folderOf({ 'hosts.yml': inventoryOf({ vars }) });
  const input = { inventory: [join(folder, 'hosts.yml')], tags: [], skipTags: [], extraVars: [] };
  let loaded: ReturnType<typeof loadRun>;
  try {
    loaded = loadRun(join(project, 'playbooks/hosts.yml'), input, false);
  } catch (error) {
    if (error instanceof InvalidInputError) return undefined;
    throw error;
  }
  const secrets = [...declared.values()].filter(({ type }) => type === 'secret');
  const run: RunVariables = {
    facts: () => ({ distro: 'debian', release: '12', codename: 'bookworm' }),
    registered: new Map(),
    secrets: new Map(secrets.map(({ name }) => [name, { value: 'secret' }])),
  };
  const scope = scopeOf(loaded.variables, 'node1', () => run);
  const entries = Object.entries(templates).map(([name, path]) => {
    const file = { path, text: readFileSync(join(project, 'templates', path), 'utf8') };
    return [name, textOf(renderValue(templateOfFile(file), scope)) ?? ''];
  });
  return Object.fromEntries(entries) as Files;
}

/** First words of a file's lines. */
function words(text: string): string[] {
  return text.split('\n').map((line) => line.trim().split(/\s/)[0] ?? '');
}

function keysOf(node: Node | undefined): string[] {
  return node?.kind === 'map'
    ? node.entries.flatMap(({ key, value }) => [key, ...keysOf(value).map((inner) => `${key}.${inner}`)])
    : [];
}

/** Holds files against those of an inventory that sets nothing: the same lines and keys, with other values. */
function expectSound(files: Files, plain: Files): void {
  for (const name of ['etcd', 'etcdInitial'] as const) {
    expect(words(files[name]).map((word) => word.split('=')[0])).toEqual(
      words(plain[name]).map((word) => word.split('=')[0]),
    );
    // systemd takes these as they are.
    for (const line of files[name].split('\n').filter((text) => text !== '' && !text.startsWith('#')))
      expect(line).toMatch(/^[A-Z_]+=[^\s"'\\]+$/);
  }
  const limits = ['tcp-request', 'http-request', 'acl'];
  const ofHaproxy = (text: string) => words(text).filter((word) => !limits.includes(word));
  expect(ofHaproxy(files.haproxy)).toEqual(ofHaproxy(plain.haproxy));
  expect(files.haproxy.split('\n').filter((line) => !/^\s*#/.test(line) && /['\\#](?!")/.test(line))).toEqual(
    plain.haproxy.split('\n').filter((line) => !/^\s*#/.test(line) && /['\\#](?!")/.test(line)),
  );
  const [own, usual] = [nodeOf(files.patroni), nodeOf(plain.patroni)];
  const untagged = (node: Node) => keysOf(node).filter((key) => !key.startsWith('tags.'));
  expect(untagged(own)).toEqual(untagged(usual));
  const hba = entryOf(entryOf(own, 'postgresql')?.value, 'pg_hba')?.value;
  for (const line of hba ? (toData(hba) as string[]) : [])
    expect(parseHba(line), line).not.toHaveProperty('problem');
}

describe('what validate accepts', () => {
  test('renders into files whose lines parse, and holds none that nobody wrote', { timeout: 600_000 }, () => {
    const seed = Number(process.env['DROVER_SEED'] ?? 1);
    const random = generator(seed);
    const rounds = Number(process.env['DROVER_INPUTS'] ?? 60);
    const plain = filesOf('');
    if (!plain) throw new Error('an inventory that sets nothing is refused');
    let accepted = 0;
    for (let round = 0; round < rounds; round++) {
      const vars = Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
        const declaration = given[Math.floor(random() * given.length)];
        return declaration
          ? `${declaration.name}: ${JSON.stringify(randomValue(declaration, { random, hostile: true }))}`
          : '';
      });
      const unique = [...new Map(vars.map((line) => [line.split(':')[0], line])).values()].join('\n');
      const files = filesOf(unique);
      if (!files) continue;
      accepted++;
      try {
        expectSound(files, plain);
      } catch (error) {
        throw new Error(`accepted, seed ${seed}, round ${round}:\n${unique}`, { cause: error });
      }
    }
    // A generator whose values are all refused would show nothing.
    expect(accepted).toBeGreaterThan(rounds / 6);
  });
});
