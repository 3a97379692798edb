import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inheritable } from '../../src/config/playbook/inherited.ts';
import { playKeys } from '../../src/config/playbook/load.ts';
import { taskOnly } from '../../src/config/playbook/tasks.ts';
import { modules } from '../../src/modules/registry.ts';
import { playbookCases } from './playbook-cases.ts';
import { PlaybookHosts } from './playbook-hosts.ts';
import { PlaybookRunner } from './playbook-run.ts';

/** Modules and keywords that the Ansible of Debian does not have. */
const ownModules = [
  ...[
    'etcd_member',
    'free_space',
    'in_force',
    'patroni_config',
    'patroni_member',
    'patroni_restart',
    'ports_free',
  ],
  ...[
    'postgres_alter_system',
    'postgres_files',
    'postgres_query',
    'postgres_role',
    'systemd_unit',
    'udev_rule',
  ],
  // Ansible has these in collections.
  ...['modprobe', 'sysctl'],
];
const ownKeywords = ['provides', 'rolling'];

const hosts = new PlaybookHosts();
const folder = mkdtempSync(join(tmpdir(), 'drover-playbooks-'));
const runner = new PlaybookRunner(hosts, folder);

beforeAll(() => hosts.up());
afterAll(async () => {
  await runner.end();
  await hosts.down();
  rmSync(folder, { recursive: true });
});

const topics = playbookCases();

it('has a case of every module and every keyword that Ansible has too', () => {
  const text = topics.flatMap(({ cases }) => cases.map(([, each]) => JSON.stringify(each))).join('\n');
  const words = [...modules.keys(), ...inheritable, ...taskOnly, ...playKeys];
  const own = [...ownModules, ...ownKeywords];
  expect(words.filter((word) => !own.includes(word) && !new RegExp(`\\b${word}:`).test(text))).toEqual([]);
});

for (const { topic, cases } of topics) {
  describe(topic, () => {
    it.concurrent.each(cases)('%s', async (name, each) => {
      const faults = await runner.faults(`${topic} ${name}`, each);
      expect(faults.join('\n\n')).toBe('');
    });
  });
}
