import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadRun } from '../../../src/actions/load.ts';
import { scopeOf } from '../../../src/config/host-variables.ts';
import { topologyOf, type Topology } from '../../../src/cluster/topology.ts';
import { etcd } from '../../../src/components/etcd/index.ts';
import { haproxy } from '../../../src/components/haproxy/index.ts';
import { patroni } from '../../../src/components/patroni/index.ts';
import { watchdog } from '../../../src/components/watchdog/index.ts';
import { folderOf } from '../support.ts';

const site = fileURLToPath(new URL('../../../playbooks/site.yml', import.meta.url));

/** The topology of an inventory, with the defaults of the playbooks. */
function topology(vars: string, children: string): Topology {
  const folder = folderOf({
    'hosts.yml': `all:\n  vars: { cluster_name: demo, ${vars} }\n  children:\n${children.replace(/^(?=.)/gm, '    ')}\n`,
  });
  const input = { inventory: [join(folder, 'hosts.yml')], tags: [], skipTags: [], extraVars: [] };
  const { inventory, variables } = loadRun(site, input, false);
  const run = {
    facts: () => ({ distro: 'debian', release: '12' }),
    registered: new Map(),
    secrets: new Map([
      ['postgres_probe_password', { value: 'probe' }],
      ['patroni_restapi_password', { value: 'rest' }],
      ['postgres_superuser_password', { value: 'super' }],
      ['postgres_replication_password', { value: 'replication' }],
    ]),
  };
  const groups = Object.fromEntries(
    [...inventory.groups.keys()].map((name) => [name, inventory.hostsOf(name)]),
  );
  return topologyOf((host) => scopeOf(variables, host, () => run), groups);
}

const three = `
etcd: { hosts: { n1: { ansible_host: 1.1.1.1, internal_address: 10.0.0.1 }, n2: { ansible_host: 10.0.0.2 }, n3: { ansible_host: 10.0.0.3 } } }
postgres: { hosts: { n1: , n2: , n3: { patroni_tags: { noloadbalance: true } } } }
haproxy: { hosts: { p: { ansible_host: 10.0.0.9, client_address: 192.0.2.1, haproxy_write_port: 6000 } } }`.trim();

describe('topologyOf', () => {
  test('has the nodes at their internal addresses, the ports, and what the DCS is to hold', () => {
    const found = topology(
      'patroni_ttl: 40, postgres_parameters: { max_connections: 50 }, patroni_dcs_extra: { failsafe_mode: true }',
      three,
    );
    expect(found.cluster).toBe('demo');
    expect(found.of(etcd)).toMatchObject({
      hosts: [
        { name: 'n1', address: '10.0.0.1' },
        { name: 'n2', address: '10.0.0.2' },
        { name: 'n3', address: '10.0.0.3' },
      ],
      settings: { clientPort: 2379 },
    });
    expect(found.of(haproxy)).toMatchObject({
      hosts: [{ name: 'p', address: '10.0.0.9' }],
      settings: {
        writePort: 6000,
        readPort: 5001,
        checks: { out: 2.5, in: 0.5 },
        clientAddresses: ['192.0.2.1'],
      },
    });
    expect(found.of(watchdog).settings).toEqual({ mode: 'required', margin: 5, timeout: 35 });
    expect(found.of(patroni).settings).toMatchObject({
      restPort: 8008,
      postgresPort: 5432,
      rest: { user: 'patroni', password: 'rest' },
      dcs: {
        ttl: 40,
        failsafe_mode: true,
        postgresql: { parameters: { max_connections: 50, wal_level: 'replica' } },
      },
      noLoadBalance: new Set(['n3']),
      probe: { user: 'drover_probe', password: 'probe' },
    });
    expect(found.outline.readers).toEqual(['n1', 'n2']);
  });

  test.each([
    ['watchdog_safety_margin: -1', 15],
    ['watchdog_safety_margin: -1, patroni_ttl: 45', 22],
    ['watchdog_safety_margin: 10, patroni_ttl: 40', 30],
  ])('with %s the watchdog fires after %i s', (vars, timeout) => {
    expect(topology(vars, three).of(watchdog).settings.timeout).toBe(timeout);
  });

  test('dedicated etcd hosts, and nobody in front', () => {
    const found = topology(
      'etcd_client_port: 2399',
      `etcd: { hosts: { e1: { ansible_host: 10.0.1.1 } } }\npostgres: { hosts: { n1: { ansible_host: 10.0.0.1 } } }\nhaproxy: { hosts: {} }`,
    );
    expect(found.of(etcd)).toMatchObject({
      hosts: [{ name: 'e1', address: '10.0.1.1' }],
      settings: { clientPort: 2399 },
    });
    expect(found.of(haproxy).settings).toMatchObject({ writePort: 5000, clientAddresses: [] });
  });

  test('more nodes need more senders', () => {
    const hosts = Array.from({ length: 9 }, (_, at) => `n${at}: { ansible_host: 10.0.0.${at + 1} }`).join(
      ', ',
    );
    const found = topology(
      '',
      `etcd: { hosts: { ${hosts} } }\npostgres: { hosts: { ${hosts} } }\nhaproxy: {}`,
    );
    expect(found.of(patroni).settings.dcs).toMatchObject({
      postgresql: { parameters: { max_wal_senders: 11, max_replication_slots: 11 } },
    });
  });
});
