import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dirname, join } from 'node:path';
import { drover, expectExit, linesOf, recapOf, TestLab, writeInventory } from './harness.ts';

const lab = new TestLab();
const password = 'it\'s a "long" pass$word';

const topology = `
all:
  vars:
    cluster_name: west_db-2
    etcd_client_port: 12379
    etcd_peer_port: 12380
    patroni_restapi_port: 18008
    postgres_port: 5544
    postgres_superuser_name: dba
    postgres_replication_name: repl
    postgres_admin_name: Release-Manager
    postgres_parameters: { max_connections: 50, work_mem: 8MB }
    haproxy_write_port: 6000
    haproxy_read_port: 6001
    haproxy_stats_port: 8080
    patroni_ttl: 40
  children:
    etcd: { hosts: { "quorum[1:3]": } }
    postgres:
      hosts: { DB-West: , db-east: }
    haproxy: { hosts: { lb: } }
`;

const hosts = ['quorum1', 'quorum2', 'quorum3', 'DB-West', 'db-east', 'lb'];
let inventory: string;

beforeAll(async () => {
  const source = writeInventory(topology);
  await lab.up(source);
  // The way in that is left: a user who is not root, and whose sudo asks for a password.
  const key = `${dirname(lab.inventory)}/key`;
  const quoted = `'${password.replaceAll("'", `'\\''`)}'`;
  for (const host of hosts) {
    await lab.on(
      host,
      `useradd -m -s /bin/bash ops && printf 'ops:%s\\n' ${quoted} | chpasswd
       printf 'ops ALL=(ALL) ALL\\nDefaults timestamp_timeout=0\\n' > /etc/sudoers.d/ops
       install -d -m 700 -o ops -g ops /home/ops/.ssh
       install -m 600 -o ops -g ops /root/.ssh/authorized_keys /home/ops/.ssh/authorized_keys
       rm /root/.ssh/authorized_keys`,
    );
  }
  const addresses = lab.lab.hosts().map(({ name, address }) => `    ${name}: { ansible_host: ${address} }`);
  inventory = writeInventory(
    `${topology.trimEnd()}
  hosts:
${addresses.join('\n')}
`.replace(
      '  vars:\n',
      `  vars:
    ansible_user: ops
    ansible_become_password: ${JSON.stringify(password)}
    ansible_ssh_private_key_file: ${key}
    ansible_ssh_common_args: -o UserKnownHostsFile=${join(dirname(lab.inventory), 'known_hosts')}
    watchdog_mode: automatic
`,
    ),
  );
});
afterAll(() => lab.down());

describe('other names, ports and roles, etcd on hosts of its own, hosts reached by sudo with a password', () => {
  it('makes a verified cluster', async () => {
    const run = await drover('provision', '-i', inventory, '--json');
    expectExit(run, 0);
    const probes = linesOf(run, 'probe');
    expect(probes.filter((probe) => probe.verdict === 'fail')).toEqual([]);
    expect(probes.find((probe) => probe.probe === 'members')?.found).toBe('DB-West, db-east');
    expect(probes.find((probe) => probe.probe === 'etcd membership')?.found).toBe('3 voters, no learner');
    expect(run.stdout + run.stderr).not.toContain(password);
    expect(run.stdout + run.stderr).not.toContain(JSON.stringify(password).slice(1, -1));
  });

  it('changes nothing on the second run, in one round trip a host', async () => {
    const again = await drover('provision', '-i', inventory, '--json');
    expectExit(again, 0);
    expect(Object.keys(recapOf(again)).sort()).toEqual([...hosts].sort());
    for (const [host, recap] of Object.entries(recapOf(again))) {
      expect({ host, changed: recap.changed, roundTrips: recap.roundTrips }).toEqual({
        host,
        changed: 0,
        roundTrips: 1,
      });
    }
    expectExit(await drover('plan', '-i', inventory), 0);
  });

  it('shows the cluster', async () => {
    const status = await drover('status', '-i', inventory, '--json');
    expectExit(status, 0);
    const found = JSON.parse(status.stdout) as { cluster: string; members: { name: string; role: string }[] };
    expect(found.cluster).toBe('west_db-2');
    expect(found.members).toMatchObject([
      { name: 'DB-West', role: 'leader' },
      { name: 'db-east', role: 'replica' },
    ]);
  });
});
