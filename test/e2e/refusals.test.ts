import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { series } from '../lab-release.ts';
import {
  drover,
  expectExit,
  linesOf,
  madeChanges,
  TestLab,
  threeFastNodes,
  threeNodes,
  writeInventory,
} from './harness.ts';

const lab = new TestLab('bad');
const on = (...args: string[]) => drover(...args, '-i', lab.inventory, '--json');

beforeAll(() => lab.up(threeNodes));
afterAll(() => lab.down());

/** Nothing of a refused run may be found on the hosts. */
async function expectUntouched(): Promise<void> {
  for (const host of ['node1', 'node2', 'node3', 'HAProxy-demo']) {
    expect(await lab.on(host, 'ls -d /var/lib/drover /etc/default/etcd 2>/dev/null | wc -l'), host).toBe('0');
  }
}

describe('what bad input gets, before the first change', () => {
  const source = () => readFileSync(lab.inventory, 'utf8');

  it.each([
    {
      what: 'a misspelt key',
      edit: (text: string) => text.replace('ansible_host: ', 'ansible_host: ').replace('vars:', 'varz:'),
      exit: 5,
      says: /inventory\.yml:\d+:\d+ {2}unknown key "varz" in the group "all"[\s\S]*did you mean "vars"\?/,
    },
    {
      what: 'a misspelt variable',
      edit: (text: string) => text.replace('watchdog_mode:', 'watchdog_mod:'),
      exit: 5,
      says: /unknown variable "watchdog_mod"[\s\S]*did you mean "watchdog_mode"\?/,
    },
    {
      what: 'a value of the wrong type',
      edit: (text: string) =>
        text.replace('watchdog_mode: automatic', 'watchdog_mode: automatic\n    patroni_ttl: soon'),
      exit: 5,
      says: /patroni_ttl must be a whole number/,
    },
    {
      what: 'a value out of range',
      edit: (text: string) =>
        text.replace('watchdog_mode: automatic', 'watchdog_mode: automatic\n    patroni_ttl: 10'),
      exit: 5,
      says: /patroni_ttl must be at least 20 s/,
    },
    {
      what: 'timing that Patroni would silently change',
      edit: (text: string) =>
        text.replace('watchdog_mode: automatic', 'watchdog_mode: automatic\n    patroni_ttl: 20'),
      exit: 5,
      says: /patroni_loop_wait \+ 2 x patroni_retry_timeout is 30 s, more than patroni_ttl \(20 s\)/,
    },
    {
      what: 'a missing group',
      edit: (text: string) => text.replace('haproxy:', 'haprox:'),
      exit: 5,
      says: /no host or group "haproxy"[\s\S]*did you mean "haprox"\?/,
    },
    {
      what: 'a watchdog that is required in a container',
      edit: (text: string) => text.replace('watchdog_mode: automatic', 'watchdog_mode: required'),
      exit: 5,
      says: /watchdog_mode is required, and in a container \(systemd-nspawn\)[\s\S]*on node1, node2, node3/,
    },
    {
      what: 'an address that is not the host’s',
      edit: (text: string) =>
        text.replace(/(node2:\n\s+)(ansible_host: \S+)/, '$1$2\n      internal_address: 10.9.8.7'),
      exit: 5,
      says: /10\.9\.8\.7 is none of this host's addresses/,
    },
    {
      what: 'an unreachable host',
      edit: (text: string) =>
        text.replace(
          /(node3:\n\s+ansible_host: )(\S+)/,
          (_, before: string, address: string) => before + address.replace(/\d+$/, '250'),
        ),
      exit: 4,
      says: /node3: cannot connect to 198\.18\.\d+\.250:22: (no route to the host|no answer within 3 s)/,
    },
    {
      what: 'no host at all',
      edit: (text: string) => text,
      args: ['-l', 'node9'],
      exit: 5,
      says: /no host or group "node9"/,
    },
  ])('$what: $exit', async ({ edit, exit, says, args = [] }) => {
    const path = writeInventory(edit(source()));
    const run = await drover('provision', '-i', path, '--json', '--timeout', '3', ...args);
    expect(run.stderr + run.stdout).toMatch(says);
    expectExit(run, exit);
    expect(madeChanges(run)).toEqual([]);
    await expectUntouched();
  });

  it('a changed host key: 4, and no way around it', async () => {
    const known = join(dirname(lab.inventory), 'known_hosts');
    const text = readFileSync(known, 'utf8');
    const [first = '', second = ''] = text.split('\n');
    const [address = ''] = first.split(' ');
    const [, ...otherKey] = second.split(' ');
    writeFileSync(known, text.replace(first, [address, ...otherKey].join(' ')));
    try {
      for (const flags of [[], ['--accept-new-host-keys']]) {
        const run = await on('provision', ...flags);
        expectExit(run, 4);
        expect(run.stderr).toMatch(/its host key has CHANGED/);
      }
    } finally {
      writeFileSync(known, text);
    }
    await expectUntouched();
  });

  it('a cluster is not begun without all of its hosts', async () => {
    const run = await on('provision', '-l', 'node2');
    expectExit(run, 5);
    expect(run.stderr).toMatch(/node1, which is to make the etcd cluster, is not in this run/);
    expect(madeChanges(run)).toEqual([]);
    await expectUntouched();
  });
});

describe('data in the way', () => {
  beforeEach(async () => {
    await lab.down();
    await lab.up(threeNodes);
  });

  it('PostgreSQL data that drover did not make is never touched', async () => {
    const data = `/var/lib/postgresql/${series.postgres}/main`;
    await lab.on(
      'node2',
      `mkdir -p ${data}/global && head -c 8192 /dev/urandom > ${data}/global/pg_control && echo ${series.postgres} > ${data}/PG_VERSION`,
    );
    const before = await lab.on('node2', `find ${data} -type f | xargs sha256sum`);
    const plan = await on('plan');
    const run = await on('provision', '-y');
    for (const outcome of [plan, run]) {
      expectExit(outcome, 5);
      expect(outcome.stderr).toMatch(
        new RegExp(
          `${data} holds a PostgreSQL cluster that drover did not make \\(system identifier \\d+\\)[^]*\\(on node2\\)`,
        ),
      );
    }
    expect(madeChanges(run)).toEqual([]);
    expect(await lab.on('node2', `find ${data} -type f | xargs sha256sum`)).toBe(before);
    await expectUntouched();
  });

  it('etcd data that drover did not make is never touched', async () => {
    await lab.on(
      'node3',
      'mkdir -p /var/lib/etcd/postgresql/member/wal && echo x > /var/lib/etcd/postgresql/member/wal/0.wal',
    );
    const run = await on('provision', '-y');
    expectExit(run, 5);
    expect(run.stderr).toMatch(
      /\/var\/lib\/etcd\/postgresql holds etcd data that drover did not make[\s\S]*\(on node3\)/,
    );
    expect(madeChanges(run)).toEqual([]);
    await expectUntouched();
  });

  it('an etcd that somebody else runs is left in peace', async () => {
    await lab.on('node1', 'apt-get install -y -q etcd-server >/dev/null 2>&1');
    await lab.on(
      'node1',
      `sed -i '/^ETCD/d' /etc/default/etcd; a=$(hostname -I | tr -d ' ')
       printf 'ETCD_NAME=alien\\nETCD_LISTEN_CLIENT_URLS=http://%s:2379\\nETCD_ADVERTISE_CLIENT_URLS=http://%s:2379\\n' $a $a >> /etc/default/etcd
       systemctl restart etcd`,
    );
    const id = await lab.on('node1', 'systemctl show -p InvocationID --value etcd');
    const run = await on('provision', '-y');
    expectExit(run, 5);
    expect(run.stderr).toMatch(/an etcd cluster that drover did not make answers at/);
    expect(madeChanges(run)).toEqual([]);
    expect(await lab.on('node1', 'systemctl show -p InvocationID --value etcd')).toBe(id);
  });
});

describe('a cluster that lost something', () => {
  const lab = new TestLab();
  const on = (...args: string[]) => drover(...args, '-i', lab.inventory, '--json');

  beforeAll(() => lab.upHealthy(threeFastNodes()));
  afterAll(() => lab.down());

  /** Provisions an edited inventory that is to be refused, with the cluster's own secrets beside it. */
  async function refusalOf(edit: (text: string) => string, ...args: string[]): Promise<string> {
    const folder = dirname(lab.inventory);
    const path = writeInventory(edit(readFileSync(lab.inventory, 'utf8')));
    for (const file of ['secrets.yml', 'known_hosts'])
      copyFileSync(join(folder, file), join(dirname(path), file));
    const run = await drover('provision', '-y', '-i', path, '--json', ...args);
    expectExit(run, 5);
    expect(madeChanges(run)).toEqual([]);
    return run.stderr;
  }

  const same = (text: string) => text;

  it.each([
    {
      of: 'etcd',
      vars: {
        cluster_name: 'stampede2',
        etcd_client_port: 2389,
        etcd_peer_port: 2390,
        etcd_data_dir: '/var/lib/etcd/x',
      },
      says: [
        /cluster_name is stampede1 here \(\/etc\/default\/etcd-initial:\d+\), not stampede2/,
        /etcd_client_port is 2379 here \(\/etc\/default\/etcd:\d+\), not 2389/,
        /etcd_peer_port is 2380 here \(\/etc\/default\/etcd:\d+\), not 2390/,
        /etcd_data_dir is \/var\/lib\/etcd\/postgresql here/,
      ],
    },
    {
      of: 'PostgreSQL and Patroni',
      vars: {
        postgres_version: 16,
        postgres_port: 5433,
        patroni_restapi_port: 8010,
        postgres_superuser_name: 'root',
        postgres_replication_name: 'other',
        postgres_initdb: ['data-checksums'],
      },
      says: [
        /postgres_version is 15 here \(\/etc\/patroni\/config\.yml:\d+\), not 16/,
        /postgres_data_dir is \/var\/lib\/postgresql\/15\/main here/,
        /postgres_port is 5432 here/,
        /patroni_restapi_port is 8008 here/,
        /postgres_superuser_name is postgres here/,
        /postgres_replication_name is replicator here/,
        /postgres_initdb is \[\{"encoding":"UTF8"\},"data-checksums"\] here/,
      ],
    },
    {
      of: 'addresses that the host does not have',
      vars: { haproxy_bind_address: '10.9.8.7' },
      says: [/haproxy_bind_address is 10\.9\.8\.7, none of this host's addresses/],
    },
  ])('refuses what only a new cluster can be given, with what is in force: $of', async ({ vars, says }) => {
    const said = await refusalOf(same, '-e', JSON.stringify(vars));
    for (const each of says) expect(said).toMatch(each);
  });

  it('refuses another group etcd: a new one would know nothing of the leader', async () => {
    const others = (text: string) =>
      text.replace(/(\n {4}etcd:\n {6}hosts:)[\s\S]*?(?=\n {4}\w)/, '$1 { HAProxy-demo: {} }');
    expect(await refusalOf(others)).toMatch(
      /Patroni uses the etcd at 198\.\S+, 198\.\S+, 198\.\S+ \(\/etc\/patroni\/config\.yml:\d+\), and the group etcd has none of them/,
    );
  });

  it('refuses hosts whose addresses are swapped', async () => {
    const swapped = (text: string) => {
      const addressOf = (name: string) =>
        new RegExp(`${name}:\\s+ansible_host: (\\S+)`).exec(text)?.[1] ?? '';
      const [two, three] = [addressOf('node2'), addressOf('node3')];
      return text.replace(/\S+$/gm, (word) => (word === two ? three : word === three ? two : word));
    };
    expect(await refusalOf(swapped)).toMatch(
      /the host says that it is node3 \(\/etc\/\S+:\d+\), and the inventory calls it node2/,
    );
  });

  it('refuses a HAProxy host that is the entry of another cluster', async () => {
    const file = '/etc/haproxy/haproxy.cfg';
    await lab.on(
      'HAProxy-demo',
      `cp -p ${file} /tmp/cfg; sed -i -E '/^ +server/s/198[.0-9]+:/10.1.1.1:/' ${file}`,
    );
    expect(await refusalOf(same)).toMatch(
      /HAProxy serves 10\.1\.1\.1 \(\/etc\/haproxy\/haproxy\.cfg:\d+\), and the group postgres has none of them/,
    );
    await lab.on('HAProxy-demo', `cp -p /tmp/cfg ${file}`);
  });

  it('a reload of HAProxy counts only once the new process serves', async () => {
    const file = '/etc/haproxy/haproxy.cfg';
    const said = await lab.on(
      'HAProxy-demo',
      `sed -i 's/bind \\*:5001/bind 10.9.8.7:5001/' ${file}
       systemctl reload haproxy 2>/dev/null; echo "exit $?"; systemctl is-active haproxy; journalctl -u haproxy -n 20 --no-pager -o cat
       cp -p /tmp/cfg ${file}; systemctl reload haproxy; echo "exit $?"`,
    );
    expect(said).toMatch(
      /^exit 1\nactive\n[\s\S]*HAProxy does not serve with its new configuration: the former process goes on[\s\S]*exit 0$/,
    );
  });

  it('takes an etcd member back that lost its data, and asks first', async () => {
    await lab.on('node3', 'systemctl stop etcd; mv /var/lib/etcd/postgresql /var/lib/etcd/postgresql.aside');
    const refused = await on('provision');
    expectExit(refused, 64);
    expect(refused.stderr).toMatch(
      /node3: remove etcd member node3: interrupts etcd’s spare member, until it has joined again/,
    );
    const run = await on('provision', '-y');
    expectExit(run, 0);
    expect(madeChanges(run).filter((change) => change.includes('etcd member'))).toEqual([
      'node3: remove etcd member node3',
      'node3: create etcd member node3',
      'node3: start etcd member node3',
      'node3: set etcd member node3',
    ]);
    expectExit(await on('verify'), 0);
  });

  it('stops when etcd has lost the cluster’s keys: nothing is initialised beside the data', async () => {
    const etcdctl = 'ETCDCTL_API=3 etcdctl --endpoints=$(hostname -I | tr -d " "):2379';
    for (const node of ['node1', 'node2', 'node3']) await lab.on(node, 'systemctl stop patroni');
    await lab.on('node1', `${etcdctl} del --prefix /service/stampede1/`);
    const run = await on('provision', '-y');
    expectExit(run, 5);
    expect(run.stderr).toMatch(
      /node1, node2, node3 holds a cluster's data, and etcd knows no cluster stampede1/,
    );
    expect(linesOf(run, 'change')).toEqual([]);
  });

  it('refuses a password unlike the one in force', async () => {
    const path = join(dirname(lab.inventory), 'secrets.yml');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/(postgres_superuser_password: ).*/, '$1something-else'));
    const run = await on('provision', '-y');
    expectExit(run, 5);
    expect(run.stderr).toMatch(/postgres_superuser_password is not the password that node1 uses/);
    expect(run.stderr).not.toContain('something-else');
    writeFileSync(path, text);
  });
});
