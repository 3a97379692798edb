import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadRun } from '../../../src/actions/load.ts';
import { scopeOf, type RunVariables } from '../../../src/config/host-variables.ts';
import { tasksOf } from '../../../src/config/playbook/model.ts';
import { VaultKeys } from '../../../src/config/vault.ts';
import { stringifyYaml } from '../../../src/config/write-yaml.ts';
import { maskPlaceholders, Vault } from '../../../src/core/secrets.ts';
import { Bindings } from '../../../src/engine/tasks/bindings.ts';
import { bindTask, conditionsHold, expandLoop } from '../../../src/engine/tasks/instance.ts';
import { parseCollected } from '../../../src/facts/collectors.ts';
import { needHost } from '../../../src/facts/host.ts';
import { identify } from '../../../src/facts/need.ts';
import type { Value } from '../../../src/vars/value.ts';
import { folderOf } from '../support.ts';

const project = fileURLToPath(new URL('../../..', import.meta.url));
const playbook = join(project, 'playbooks/site.yml');

const addresses = {
  node1: '10.104.0.7',
  node2: '10.104.0.2',
  node3: '10.104.0.8',
  'HAProxy-demo': '10.104.0.6',
};

/** What the host collector prints on such a machine, but for its address and name. */
const releases = {
  'debian-12': 'debian\t12\tbookworm\tamd64\tkvm\tmachine',
  'debian-13': 'debian\t13\ttrixie\tamd64\tkvm\tmachine',
  'ubuntu-22.04': 'ubuntu\t22.04\tjammy\tamd64\tkvm\tmachine',
  'ubuntu-24.04': 'ubuntu\t24.04\tnoble\tamd64\tkvm\tmachine',
};

/** What its hosts know of a Patroni. */
const patronis = {
  'debian-12': '3.0.2-1',
  'debian-13': '4.0.7-3~deb13u1',
  'ubuntu-22.04': '',
  'ubuntu-24.04': '3.2.2-2',
};

function factsOf(release: keyof typeof releases, host: string): Value {
  const address = addresses[host as keyof typeof addresses];
  const cloud = release.startsWith('debian') ? 'no' : 'yes';
  const line = ['host', 'host', releases[release], address, host.toLowerCase(), 'systemd', cloud].join('\t');
  const records = parseCollected(line, [needHost]).get(identify(needHost)) ?? [];
  return needHost.parse(records) as unknown as Value;
}

const inventory = (vars: string) => `
all:
  vars: { ansible_user: root, cluster_name: stampede1, ${vars} }
  hosts:
${Object.entries(addresses)
  .map(([name, address]) => `    ${name}: { ansible_host: ${address} }\n`)
  .join('')}
  children:
    etcd: { hosts: { node1: , node2: , node3: } }
    postgres: { hosts: { node1: , node2: , node3: } }
    haproxy: { hosts: { HAProxy-demo: } }
`;

// The rendering needs none of what a module asks a run for but these.
const bindings = new Bindings({
  digest: (text) => String(text.length),
  encode: (text) => text,
  redact: (text) => text,
  matchesScram: () => false,
});

/** Every task of site.yml on a host as it is after rendering: what it is called, and its parameters. */
function render(release: keyof typeof releases, vars: string, host: string): string {
  const folder = folderOf({ 'hosts.yml': inventory(vars) });
  const input = { inventory: [join(folder, 'hosts.yml')], tags: [], skipTags: [], extraVars: [] };
  const { plays, variables, declarations } = loadRun(playbook, input, false);
  const vault = new Vault();
  const secrets = new Map(
    [...declarations.variables.values()]
      .filter(({ type }) => type === 'secret')
      .map(({ name }) => [name, { value: vault.seal(name, `password of ${name}`) }]),
  );
  const run = (name: string): RunVariables => ({
    facts: () => factsOf(release, name),
    registered: new Map([['patroni_package', { value: { stdout: patronis[release] } }]]),
    secrets,
  });
  const become = () => ({ become: undefined, user: undefined, method: undefined });
  const out: string[] = [];
  for (const { play, hosts } of plays.filter((item) => item.hosts.includes(host))) {
    for (const task of tasksOf(play.tasks)) {
      const scope = scopeOf(variables, host, run, { vars: play.vars, hosts, batch: [host] }, task);
      if (!conditionsHold(task.when, scope)) {
        out.push(`### ${play.name}: ${task.name?.text ?? ''}: not here\n`);
        continue;
      }
      for (const item of expandLoop(task, scope)) {
        const { name, bound } = bindTask(task, item, {
          host,
          play,
          bindings,
          become,
          keys: new VaultKeys(),
          redact: (text) => text,
        });
        out.push(`### ${play.name}: ${name} (${task.module.name})\n${stringifyYaml(bound.params)}`);
      }
    }
  }
  const text = out.join('\n');
  expect(text).not.toContain('password of');
  // On a sound inventory every assertion of the playbooks holds.
  expect(text).not.toContain('holds: false');
  return maskPlaceholders(text).replace(/-----BEGIN PGP[^]*END PGP.*-----/, '(the key)');
}

/** Supported machines by source of packages; only the first two are also run, in the lab. */
const machines = [
  { name: 'debian-13-distro', release: 'debian-13', vars: 'watchdog_mode: required' },
  { name: 'debian-12-distro', release: 'debian-12', vars: 'watchdog_mode: required' },
  {
    name: 'debian-12-patroni',
    release: 'debian-12',
    vars: 'patroni_repository: "deb [signed-by=/etc/apt/keyrings/apt.postgresql.org.asc] https://apt.postgresql.org/pub/repos/apt bookworm-pgdg main"',
  },
  { name: 'ubuntu-24.04-distro', release: 'ubuntu-24.04', vars: 'watchdog_mode: required' },
  {
    name: 'ubuntu-22.04-pgdg',
    release: 'ubuntu-22.04',
    vars: 'package_source: pgdg, postgres_version: 17, watchdog_mode: automatic, patroni_synchronous_mode: true, haproxy_client_networks: [10.0.0.0/8]',
  },
  {
    name: 'ubuntu-22.04-percona',
    release: 'ubuntu-22.04',
    vars: 'package_source: percona, watchdog_mode: "off", postgres_client_networks: [10.0.0.0/8], postgres_hba_extra: ["host app app 10.1.0.0/16 scram-sha-256"]',
  },
] as const;

describe.each(machines)('$name', ({ name, release, vars }) => {
  test.each(['node1', 'HAProxy-demo'])('%s is configured as the golden file says', async (host) => {
    const path = join(project, `test/unit/golden/${name}.${host.toLowerCase()}.txt`);
    await expect(render(release, vars, host)).toMatchFileSnapshot(path);
  });
});
