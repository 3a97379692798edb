import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderOf } from '../support.ts';
import { inventoryOf, problemsOfCluster, problemsOfFiles } from './inventories.ts';

/** What is wrong with a cluster of three nodes and a proxy when these variables are in its inventory. */
const withVars = (vars: string) => problemsOfCluster({ vars });

test('more networks than HAProxy takes in a line', () => {
  const networks = Array.from({ length: 51 }, (_, at) => `10.${at}.0.0/16`);
  expect(withVars(`haproxy_client_networks: [${networks.join(', ')}]`)).toEqual([
    'hosts.yml:4:30 haproxy_client_networks has 51 networks, more than fit into a line of HAProxy’s -> 50 at most: put neighbours into one, with a shorter mask',
  ]);
});

test('an inventory with nothing wrong', () => {
  expect(withVars('')).toEqual([]);
});

describe('names of roles differ, and are none of PostgreSQL’s own', () => {
  test.each([
    [
      'postgres_admin_name: postgres',
      [
        'hosts.yml:4:26 postgres_admin_name is "postgres", and so is postgres_superuser_name -> each of them is a role of its own',
      ],
    ],
    [
      'postgres_replication_name: admin',
      [
        'hosts.yml:6:5 postgres_admin_name is "admin", and so is postgres_replication_name -> each of them is a role of its own',
      ],
    ],
    [
      'postgres_superuser_name: root\npostgres_probe_name: postgres',
      [
        'hosts.yml:5:26 postgres_probe_name is "postgres", which is kept for the superuser -> give the role a name of its own',
      ],
    ],
    [
      'postgres_probe_name: pg_monitor',
      ['hosts.yml:4:26 postgres_probe_name must not begin with pg_, which PostgreSQL keeps for itself'],
    ],
    [
      'postgres_admin_name: all',
      ['hosts.yml:4:26 postgres_admin_name must not be "all", which means something else to PostgreSQL'],
    ],
    [
      'postgres_admin_name: "a b"',
      [
        'hosts.yml:4:26 postgres_admin_name must begin with a letter and consist of at most 63 letters, digits, _, . and -',
      ],
    ],
    ['patroni_restapi_user: "a:b"', ['hosts.yml:4:27 patroni_restapi_user must match [!-9;-~]+']],
  ])('%s', (vars, problems) => {
    expect(withVars(vars)).toEqual(problems);
  });
});

describe('nothing ends a line of a file', () => {
  test.each([
    [
      'postgres_client_networks: [10.0.0.0/8, "10.0.0.0/8\\nhost all all 0.0.0.0/0 trust"]',
      ['hosts.yml:4:44 postgres_client_networks.1 holds a line break'],
    ],
    [
      'postgres_parameters: { work_mem: "4MB\\nfoo=bar" }',
      ['hosts.yml:4:38 postgres_parameters.work_mem holds a line break'],
    ],
    ['postgres_parameters: { "a\\rb": 1 }', ['hosts.yml:4:36 postgres_parameters.a\rb holds a line break']],
    [
      'postgres_hba_extra: ["host app app all md5\\nhost all all all trust"]',
      ['hosts.yml:4:26 postgres_hba_extra.0 holds a line break'],
    ],
    ['haproxy_bind_address: "*:5000\\n  bind 1"', ['hosts.yml:4:27 haproxy_bind_address holds a line break']],
    [
      'postgres_listen: |\n  0.0.0.0',
      [
        'hosts.yml:4:22 postgres_listen holds a line break -> a text after | or > ends with a line break: |- and >- leave it out',
      ],
    ],
    ['zone: "a\\u0007b"', ['hosts.yml:4:11 zone holds a control character (U+0007)']],
    ['zone: "a\\u2028b"', ['hosts.yml:4:11 zone holds a line break']],
    ['zone: "a\\tb"', []],
    ['etcd_token: "a b"', ['hosts.yml:4:17 etcd_token must match [a-zA-Z0-9][a-zA-Z0-9_.-]*']],
  ])('%s', (vars, problems) => {
    expect(withVars(vars)).toEqual(problems);
  });
});

describe('addresses', () => {
  test.each([
    [
      'postgres_client_networks: [10.0.0.0/33]',
      [
        'hosts.yml:4:32 postgres_client_networks.0: "10.0.0.0/33" is no network: the mask of an IPv4 address has 0 to 32 bits',
      ],
    ],
    [
      'postgres_client_networks: [198.18.223.0]',
      [
        'hosts.yml:4:32 postgres_client_networks.0: "198.18.223.0" has no mask: write 198.18.223.0/32 for one host, 198.18.223.0/24 for a network',
      ],
    ],
    [
      'postgres_client_networks: ["2001:db8::/129", "2001:db8::", 10, "10.0.0.0/8", "2001:db8::/32"]',
      [
        'hosts.yml:4:32 postgres_client_networks.0: "2001:db8::/129" is no network: the mask of an IPv6 address has 0 to 128 bits',
      ],
    ],
    [
      'haproxy_client_networks: [10.0.0.0/8, 10.0.0.1, foo]',
      [
        'hosts.yml:4:53 haproxy_client_networks.2: "foo" is no network: write an address with the bits of its mask, such as 10.0.0.0/8',
      ],
    ],
    [
      'haproxy_bind_address: eth0',
      ['hosts.yml:4:27 haproxy_bind_address: "eth0" is no address: write an address, or * for all'],
    ],
    ['haproxy_bind_address: "::"', []],
    [
      'postgres_listen: nonsense',
      [
        'hosts.yml:4:22 postgres_listen: "nonsense" is no address: write *, addresses separated by commas, or localhost among them',
      ],
    ],
    ['postgres_listen: "*,10.0.0.1"', ['hosts.yml:4:22 postgres_listen: "*" stands alone, or not at all']],
    [
      'postgres_listen: 127.0.0.1',
      [
        "hosts.yml:4:22 postgres_listen leaves out 10.0.0.1, where node1 is reached -> '{{internal_address}},127.0.0.1' listens there and for the host itself",
        "hosts.yml:4:22 postgres_listen leaves out 10.0.0.2, where node2 is reached -> '{{internal_address}},127.0.0.1' listens there and for the host itself",
        "hosts.yml:4:22 postgres_listen leaves out 10.0.0.3, where node3 is reached -> '{{internal_address}},127.0.0.1' listens there and for the host itself",
      ],
    ],
    ["postgres_listen: '{{internal_address}},127.0.0.1'", []],
    ['client_address: db.example.org', []],
    [
      'client_address: "db.example.org:5000"',
      ['hosts.yml:4:21 client_address: "db.example.org:5000" is no address and no host name'],
    ],
    [
      'internal_address: node.example',
      ['hosts.yml:4:23 internal_address: "node.example" is no IPv4 address'],
    ],
    [
      'internal_address: 127.0.0.1',
      ['hosts.yml:4:23 internal_address: "127.0.0.1" is no address at which other hosts reach this one'],
    ],
  ])('%s', (vars, problems) => {
    expect(withVars(vars)).toEqual(problems);
  });
});

describe('times', () => {
  test.each([
    ['haproxy_timeout_client: 30d', ['hosts.yml:4:29 haproxy_timeout_client must be 1ms to 24d']],
    ['haproxy_check_interval: "0"', ['hosts.yml:4:29 haproxy_check_interval must be 1ms to 60s']],
    [
      'haproxy_check_interval: 2s500ms',
      ['hosts.yml:4:29 haproxy_check_interval must be a number with a unit: us, ms, s, m, h or d'],
    ],
    [
      'etcd_election_timeout: 300',
      [
        'hosts.yml:4:28 etcd_election_timeout is 300 ms, less than five times etcd_heartbeat_interval (100 ms) -> ten times is usual',
      ],
    ],
    [
      'etcd_auto_compaction_retention: 1.5',
      ['hosts.yml:4:37 etcd_auto_compaction_retention must match \\d+|(\\d+(h|m|s))+'],
    ],
    ['etcd_auto_compaction_retention: 1h30m', []],
    [
      'patroni_ttl: 20',
      [
        'hosts.yml:4:18 patroni_loop_wait + 2 x patroni_retry_timeout is 30 s, more than patroni_ttl (20 s) -> Patroni would silently go by other times: raise the time to live, or lower the others',
      ],
    ],
    ['patroni_ttl: 20\npatroni_loop_wait: 5\npatroni_retry_timeout: 5', []],
    ['patroni_dcs_extra: { ttl: 5 }', ['hosts.yml:4:31 patroni_dcs_extra: ttl must be at least 20']],
    [
      'patroni_dcs_extra: { loop_wait: 11 }',
      [
        'hosts.yml:4:37 patroni_loop_wait + 2 x patroni_retry_timeout is 31 s, more than patroni_ttl (30 s) -> Patroni would silently go by other times: raise the time to live, or lower the others',
      ],
    ],
    [
      'watchdog_safety_margin: 9',
      [
        "hosts.yml:4:29 the watchdog's timeout (21 s) leaves 1 s beyond patroni_loop_wait + patroni_retry_timeout; it takes 5 s -> Patroni would silently go by other times: raise the time to live, or lower the others",
      ],
    ],
  ])('%s', (vars, problems) => {
    expect(withVars(vars)).toEqual(problems);
  });
});

describe('ports', () => {
  test.each([
    [
      'haproxy_write_port: 7000',
      [
        'hosts.yml:4:25 haproxy_write_port: haproxy listens on port 7000 already (haproxy_stats_port) (on proxy) -> each takes a port, or an address, of its own',
      ],
    ],
    [
      'haproxy_write_port: 5001',
      [
        'hosts.yml:4:25 haproxy_write_port: haproxy listens on port 5001 already (haproxy_read_port) (on proxy) -> each takes a port, or an address, of its own',
      ],
    ],
    [
      'haproxy_write_port: 22',
      [
        'hosts.yml:4:25 haproxy_write_port: sshd listens on port 22 already (ansible_port) (on proxy) -> each takes a port, or an address, of its own',
      ],
    ],
    [
      'etcd_client_port: 2380',
      [
        'hosts.yml:4:23 etcd_client_port: etcd listens on port 2380 already (etcd_peer_port) (on node1, node2, node3) -> each takes a port, or an address, of its own',
      ],
    ],
    ['etcd_client_port: 443', ['hosts.yml:4:23 etcd_client_port must be at least 1024']],
    [
      'postgres_port: 8008',
      [
        'hosts.yml:4:20 postgres_port: patroni listens on port 8008 already (patroni_restapi_port) (on node1, node2, node3) -> each takes a port, or an address, of its own',
      ],
    ],
    ['postgres_port: 2379\netcd_client_port: 5432', []],
  ])('%s', (vars, problems) => {
    expect(withVars(vars)).toEqual(problems);
  });
});

describe('directories', () => {
  test.each([
    [
      'postgres_data_dir: /etc',
      [
        'hosts.yml:4:24 postgres_data_dir: /etc is a directory of the system -> give it a directory of its own, such as one below /var/lib or /srv',
      ],
    ],
    [
      'postgres_data_dir: /usr/local/pg',
      [
        'hosts.yml:4:24 postgres_data_dir: /usr/local/pg is inside /usr, a directory of the system -> give it a directory of its own, such as one below /var/lib or /srv',
      ],
    ],
    [
      'postgres_data_dir: /var/lib/postgresql',
      [
        'hosts.yml:4:24 postgres_data_dir: /var/lib/postgresql has more in it -> give it a directory of its own, such as one below /var/lib or /srv',
      ],
    ],
    [
      'postgres_data_dir: /var/lib/etcd/postgresql',
      [
        'hosts.yml:4:24 postgres_data_dir: /var/lib/etcd/postgresql is etcd_data_dir, too -> give it a directory of its own, such as one below /var/lib or /srv',
      ],
    ],
    [
      'postgres_data_dir: /var/lib/etcd/postgresql/pg',
      [
        'hosts.yml:4:24 postgres_data_dir: /var/lib/etcd/postgresql/pg is inside etcd_data_dir (/var/lib/etcd/postgresql) -> give it a directory of its own, such as one below /var/lib or /srv',
      ],
    ],
    [
      'postgres_data_dir: /var/lib/etcd',
      [
        'hosts.yml:4:24 postgres_data_dir: /var/lib/etcd is around etcd_data_dir (/var/lib/etcd/postgresql) -> give it a directory of its own, such as one below /var/lib or /srv',
      ],
    ],
    ['postgres_data_dir: /etc/../x', ['hosts.yml:4:24 postgres_data_dir must be a path without . and ..']],
    [
      'postgres_data_dir: "/srv/pg data"',
      [
        'hosts.yml:4:24 postgres_data_dir must be an absolute path of letters, digits, ., _, +, @, : and -, without a slash at its end',
      ],
    ],
    [
      'postgres_data_dir: /srv/pg/',
      [
        'hosts.yml:4:24 postgres_data_dir must be an absolute path of letters, digits, ., _, +, @, : and -, without a slash at its end',
      ],
    ],
    ['postgres_data_dir: /srv/pg', []],
    [
      'etcd_data_dir: /var/lib/drover/x',
      [
        'hosts.yml:4:20 etcd_data_dir: /var/lib/drover/x is inside /var/lib/drover, a directory of the system -> give it a directory of its own, such as one below /var/lib or /srv',
      ],
    ],
  ])('%s', (vars, problems) => {
    expect(withVars(vars)).toEqual(problems);
  });
});

describe('names that nobody reads', () => {
  test.each([
    [
      'postgresql_parameters: { work_mem: 4MB }',
      ['hosts.yml:4:5 unknown variable "postgresql_parameters" -> did you mean "postgres_parameters"?'],
    ],
    [
      'max_connections: 100',
      [
        'hosts.yml:4:5 unknown variable "max_connections" -> a parameter of PostgreSQL stands in another variable: postgres_parameters: { max_connections: … }',
      ],
    ],
    [
      'pg_shared_buffers: 1GB\npg_hba: []\nloop_wait: 5',
      [
        'hosts.yml:4:5 unknown variable "pg_shared_buffers" -> a parameter of PostgreSQL stands in another variable: postgres_parameters: { shared_buffers: … }',
        'hosts.yml:5:5 unknown variable "pg_hba" -> it is of another tool’s role: docs/variables.md lists the variables of these playbooks, and an own variable takes another beginning',
        'hosts.yml:6:5 unknown variable "loop_wait" -> docs/variables.md has it as patroni_loop_wait, or it stands in patroni_dcs_extra: { loop_wait: … }',
      ],
    ],
    [
      'zonee: a\ninternal_adress: 10.0.0.1\nhaproxi_write_port: 1\npatroni_tttl: 1',
      [
        'hosts.yml:4:5 unknown variable "zonee" -> did you mean "zone"?',
        'hosts.yml:5:5 unknown variable "internal_adress" -> did you mean "internal_address"?',
        'hosts.yml:6:5 unknown variable "haproxi_write_port" -> did you mean "haproxy_write_port"?',
        'hosts.yml:7:5 unknown variable "patroni_tttl" -> did you mean "patroni_ttl"?',
      ],
    ],
    [
      'ansible_hst: x\nansible_frob: y\nansible_become_passwd: x',
      [
        'hosts.yml:4:5 unknown variable "ansible_hst" -> did you mean "ansible_host"?',
        'hosts.yml:5:5 unknown variable "ansible_frob" -> neither drover nor Ansible reads it: give an own variable another beginning',
        'hosts.yml:6:5 unknown variable "ansible_become_passwd" -> did you mean "ansible_become_pass"?',
      ],
    ],
    ['ansible_python_interpreter: /usr/bin/python3\nansible_connection: ssh\nown_thing: 1\nttl: 1', []],
    ["postgres_parameters: { shared_buffers: '{{pg_memory}}' }\npg_memory: 1GB", []],
  ])('%s', (vars, problems) => {
    expect(withVars(vars)).toEqual(problems);
  });
});

describe('hosts and groups', () => {
  test('a group that no cluster can do without is emptied', () => {
    expect(problemsOfCluster({ groups: { postgres: [] } })).toEqual([
      'hosts.yml:12:5 the group postgres has no hosts -> Patroni needs at least one; to take a host out of a cluster: drover remove HOST',
    ]);
    expect(problemsOfCluster({ groups: { haproxy: [] } })).toEqual([]);
  });

  test('one address under two names', () => {
    expect(problemsOfCluster({ hosts: { node2: 'ansible_host: 10.0.0.1' } })).toEqual([
      'hosts.yml:7:28 node2 is reached at 10.0.0.1:22, and so is node1 -> one host has one name: put it into each of its groups',
    ]);
    expect(
      problemsOfCluster({ hosts: { node2: 'ansible_host: 10.1.0.2, internal_address: 10.0.0.1' } }),
    ).toEqual([
      'hosts.yml:7:56 internal_address: node2 has 10.0.0.1, and so has node1 -> one host has one name: put it into each of its groups',
    ]);
    // Behind forwarded ports of one address are different hosts.
    const [one, two] = ['internal_address: 10.7.0.1', 'internal_address: 10.7.0.2, ansible_port: 2222'];
    expect(
      problemsOfCluster({
        hosts: { node1: `ansible_host: 192.0.2.1, ${one}`, node2: `ansible_host: 192.0.2.1, ${two}` },
      }),
    ).toEqual([]);
  });

  test('what the whole cluster must have is different on one host', () => {
    expect(problemsOfCluster({ hosts: { node2: 'ansible_host: 10.0.0.2, postgres_port: 5433' } })).toEqual([
      'hosts.yml:7:53 postgres_port is 5433 on node2 and 5432 on node1 -> the whole cluster has one: set it for all hosts, under vars',
    ]);
  });

  test('names that come to the same replication slot, or fit into no file', () => {
    const hosts = { 'no-de': 'ansible_host: 10.0.1.1', no_de: 'ansible_host: 10.0.1.2' };
    expect(problemsOfCluster({ hosts, groups: { postgres: ['no-de', 'no_de'] } })).toEqual([
      'hosts.yml:11:5 the names no-de and no_de come to the same replication slot, no_de -> give one of them another name',
    ]);
    expect(
      problemsOfCluster({ hosts: { 'a=b': 'ansible_host: 10.0.1.1' }, groups: { etcd: ['a=b'] } }),
    ).toEqual([
      'hosts.yml:10:5 the name "a=b" does not fit into every file -> letters, digits, _, . and -, at most 63, with a letter or a digit at both ends',
    ]);
  });

  test('HAProxy on a database host, unless it has an address of its own', () => {
    const groups = { haproxy: ['node1'] };
    const taken = (port: number, program: string, variable: string) =>
      `hosts.yml:4:25 haproxy_write_port: ${program} listens on port ${port} already (${variable}) (on node1) -> each takes a port, or an address, of its own`;
    expect(problemsOfCluster({ groups, vars: 'haproxy_write_port: 5432' })).toEqual([
      taken(5432, 'postgres', 'postgres_port'),
    ]);
    expect(problemsOfCluster({ groups, vars: 'haproxy_write_port: 8008' })).toEqual([
      taken(8008, 'patroni', 'patroni_restapi_port'),
    ]);
    const elsewhere = 'haproxy_write_port: 8008\nhaproxy_bind_address: 10.7.7.7';
    expect(problemsOfCluster({ groups, vars: elsewhere })).toEqual([]);
  });
});

describe('names, wherever they stand', () => {
  const files = { 'hosts.yml': inventoryOf({}) };

  test('in group_vars, in host_vars and with -e', () => {
    expect(
      problemsOfFiles(
        {
          ...files,
          'group_vars/postgres.yml': 'postgresql_parameters: {}\n',
          'host_vars/node1.yml': 'ansible_hst: 10.0.0.1\n',
        },
        { extraVars: ['max_connections=5'] },
      ),
    ).toEqual([
      'group_vars/postgres.yml:1:1 unknown variable "postgresql_parameters" -> did you mean "postgres_parameters"?',
      'host_vars/node1.yml:1:1 unknown variable "ansible_hst" -> did you mean "ansible_host"?',
      '-e:1:1 unknown variable "max_connections" -> a parameter of PostgreSQL stands in another variable: postgres_parameters: { max_connections: … }',
    ]);
  });

  test('in a play of the user’s own every name is the user’s, but for slips of what drover connects by', () => {
    const own = folderOf({ 'p.yml': '- hosts: all\n  tasks: [{ debug: }]\n' });
    const vars = 'max_connections: 5\nzones: []\nansible_frob: 1\npostgres_foo: 1\nansible_usr: root';
    expect(problemsOfFiles({ 'hosts.yml': inventoryOf({ vars }) }, {}, join(own, 'p.yml'))).toEqual([
      'hosts.yml:8:5 unknown variable "ansible_usr" -> did you mean "ansible_user"?',
    ]);
  });
});
