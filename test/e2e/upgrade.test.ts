import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { series } from '../lab-release.ts';
import {
  drover,
  expectExit,
  leaderOf,
  linesOf,
  madeChanges,
  plannedChanges,
  postmasterStarts,
  recapOf,
  statusOf,
  TestLab,
  threeFastNodes,
  type Outcome,
} from './harness.ts';
import { Ledger } from './ledger.ts';
import { AptRepository } from './repository.ts';

const lab = new TestLab();
const repository = new AptRepository(lab);
const nodes = ['node1', 'node2', 'node3'];
const entry = 'HAProxy-demo';
const hosts = [...nodes, entry];
const server = `postgresql-${series.postgres}`;
const client = `postgresql-client-${series.postgres}`;
const on = (...args: string[]) => drover(...args, '-i', lab.inventory, '--json');
const leader = () => leaderOf(lab.inventory);

let ledger: Ledger;

beforeAll(async () => {
  await lab.upHealthy(threeFastNodes());
  ledger = await Ledger.make(lab);
  await repository.open(hosts);
  await repository.add('node1', [
    { name: server, version: `${series.postgres}.97-1` },
    { name: client, version: `${series.postgres}.97-1` },
    { name: 'patroni', version: `${series.patroni}.97-1` },
    { name: 'etcd-server', version: `${series.etcd}.97-1` },
    // Of a series that it is not for an upgrade to begin.
    { name: 'etcd-server', version: `${series.nextEtcd}.16-1` },
  ]);
  await repository.add(entry, [{ name: 'haproxy', version: `${series.haproxy}.97-1` }]);
});
afterAll(async () => {
  repository.close();
  await lab.down();
});

/** Upgrades while one client writes and one reads; no acknowledged row may be missing. */
async function upgrade(what: string, exitCode = 0) {
  const { result: run, writes, reads, lost } = await ledger.during(() => on('upgrade', '-y'));
  expectExit(run, exitCode);
  expect(lost).toEqual([]);
  console.log(
    `${what}: ${writes.acknowledged.length} rows acknowledged, all there; write gap ${writes.gap} s, read gap ${reads.gap} s; drover measured ${JSON.stringify(linesOf(run, 'writes')[0]?.gap ?? 'nothing')}`,
  );
  return { run, writes, reads };
}

/** How often a unit was started, or reloaded, since it is looked at. */
async function countsSince(cursor: Readonly<Record<string, string>>, unit: string, word: string) {
  const entries = await Promise.all(
    Object.entries(cursor).map(async ([host, from]) => [
      host,
      Number(
        await lab.on(
          host,
          `journalctl -u ${unit} --after-cursor='${from}' -o cat | grep -c '^${word} ${unit}' || true`,
        ),
      ),
    ]),
  );
  return Object.fromEntries(entries) as Record<string, number>;
}

/** Where each host's journal stands. */
async function cursors(of: readonly string[]): Promise<Record<string, string>> {
  const entries = await Promise.all(
    of.map(async (host) => [
      host,
      (await lab.on(host, "journalctl -n 1 --show-cursor -o cat | sed -n 's/^-- cursor: //p'")).trim(),
    ]),
  );
  return Object.fromEntries(entries) as Record<string, string>;
}

async function versionsOn(host: string, ...packages: string[]): Promise<string[]> {
  const out = await lab.on(host, `dpkg-query -W -f='\${Package} \${Version}\\n' ${packages.join(' ')}`);
  return out.trim().split('\n');
}

/** Packages that an upgrade by somebody else leaves alone. */
async function heldOn(host: string): Promise<string[]> {
  return (await lab.on(host, 'apt-mark showhold')).trim().split('\n').sort();
}

/** Programs that run and are not on the disk any more: those of a package that was replaced. */
async function outdatedOn(host: string): Promise<string> {
  return lab.on(
    host,
    `for p in $(pgrep -x 'etcd|haproxy|postgres'); do readlink /proc/$p/exe; done | grep deleted || true`,
  );
}

/** Hosts in the order in which a change was made that begins with these words. */
const hostsOf = (run: Outcome, words: string) =>
  linesOf(run, 'change')
    .filter(({ change }) => `${change.action} ${change.resource}`.startsWith(words))
    .map(({ host }) => host);

const timeline = async () => (await statusOf(lab.inventory)).members[0]?.timeline ?? NaN;

describe('packages of a cluster that is written to are raised', () => {
  it('host by host, each service once, the leader last after it has handed over', async () => {
    const first = await leader();
    const before = await timeline();
    const plan = await on('upgrade', '-C');
    expectExit(plan, 2);
    expect(repository.fetched).toEqual([]);
    const details = linesOf(plan, 'plan').flatMap(({ changes }) => changes.map(({ detail }) => detail ?? ''));
    expect(details.join()).toMatch(
      new RegExp(`${server} ${series.postgres}\\.\\S+ -> ${series.postgres}\\.97-1`),
    );
    const journals = await cursors(hosts);

    const { run } = await upgrade('all packages');
    expect(madeChanges(run).sort()).toEqual(plannedChanges(plan).sort());
    expect(linesOf(run, 'warning').map(({ message }) => message)).toEqual([
      expect.stringMatching(
        `^node1, node2, node3: etcd-server ${series.etcd}\\.\\S+ -> ${series.nextEtcd}.16-1 goes beyond ${series.etcd}`,
      ),
    ]);
    expect(linesOf(run, 'probe').filter(({ verdict }) => verdict === 'fail')).toEqual([]);

    // One move of the leader is all that writes have noticed.
    expect(await timeline()).toBe(before + 1);
    expect(hostsOf(run, 'restart Patroni')).toHaveLength(3);
    expect(hostsOf(run, 'restart Patroni').at(-1)).toBe(first);

    const { [entry]: ofEntry = '', ...ofNodes } = journals;
    const once = Object.fromEntries(nodes.map((node) => [node, 1]));
    expect(await countsSince(ofNodes, 'patroni.service', 'Started')).toEqual(once);
    expect(await countsSince(ofNodes, 'etcd.service', 'Started')).toEqual(once);
    expect(await countsSince({ [entry]: ofEntry }, 'haproxy.service', 'Reloaded')).toEqual({ [entry]: 1 });
    expect(await countsSince({ [entry]: ofEntry }, 'haproxy.service', 'Started')).toEqual({ [entry]: 0 });
    for (const node of nodes) {
      expect(await versionsOn(node, 'etcd-server', 'patroni', server)).toEqual([
        `etcd-server ${series.etcd}.97-1`,
        `patroni ${series.patroni}.97-1`,
        `${server} ${series.postgres}.97-1`,
      ]);
      expect(await heldOn(node)).toEqual([
        'etcd-client',
        'etcd-server',
        'patroni',
        server,
        client,
        'python3-etcd',
      ]);
    }
    expect(await versionsOn(entry, 'haproxy')).toEqual([`haproxy ${series.haproxy}.97-1`]);
    expect(await heldOn(entry)).toEqual(['haproxy', client]);
    // HAProxy's old process stays until its last client has gone.
    for (const host of hosts) await expect.poll(() => outdatedOn(host), { timeout: 30_000 }).toBe('');
  });

  it('and nothing is left to do, for it or for provision', async () => {
    const { run, writes } = await upgrade('nothing newer');
    expect(madeChanges(run)).toEqual([]);
    expect(Object.values(recapOf(run)).map(({ changed }) => changed)).toEqual([0, 0, 0, 0]);
    expect(writes.errors).toEqual([]);
    expectExit(await on('plan'), 0);
  });

  it('HAProxy alone: its new program takes over, and no connection notices', async () => {
    await repository.add(entry, [{ name: 'haproxy', version: `${series.haproxy}.98-1` }]);
    const { run, writes, reads } = await upgrade('HAProxy');
    expect(madeChanges(run)).toEqual([
      `${entry}: download haproxy ${series.haproxy}.98-1`,
      `${entry}: update haproxy`,
      `${entry}: reload haproxy.service`,
    ]);
    expect([writes.errors, reads.errors]).toEqual([[], []]);
    await expect.poll(() => outdatedOn(entry), { timeout: 30_000 }).toBe('');
  });

  it('PostgreSQL alone, where a run before was cut short between package and restart', async () => {
    await repository.add('node1', [{ name: server, version: `${series.postgres}.98-1` }]);
    const first = await leader();
    const [cut = '', other = ''] = nodes.filter((node) => node !== first);
    // What such a run leaves behind.
    await lab.on(
      cut,
      `printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d
apt-get -qq update; apt-get -qq -y --allow-change-held-packages install ${server} >/dev/null 2>&1
apt-mark hold ${server} >/dev/null; rm /usr/sbin/policy-rc.d`,
    );
    expect(await outdatedOn(cut)).not.toBe('');
    const before = await timeline();
    const journals = await cursors(nodes);
    const { run } = await upgrade('PostgreSQL');
    expect(hostsOf(run, 'update')).toEqual([other, first]);
    expect([...hostsOf(run, 'restart PostgreSQL')].sort()).toEqual(nodes);
    expect(hostsOf(run, 'restart PostgreSQL').at(-1)).toBe(first);
    expect(await timeline()).toBe(before + 1);
    expect(Object.values(await countsSince(journals, 'patroni.service', 'Started'))).toEqual([0, 0, 0]);
    for (const node of nodes) expect(await outdatedOn(node)).toBe('');
  });
});

describe('a package that does not start stops at the first host, which gets its former one back', () => {
  const broken = {
    patroni: {
      version: `${series.patroni}.98-1`,
      broken: { program: 'usr/bin/patroni', says: 'ImportError: no module of that name' },
    },
    'etcd-server': {
      version: `${series.etcd}.98-1`,
      broken: { program: 'usr/bin/etcd', says: 'panic: cannot read what it wrote' },
    },
  } as const;

  it.each(['patroni', 'etcd-server'] as const)('%s', async (name) => {
    const former = await versionsOn('node1', name);
    const first = await leader();
    const before = await postmasterStarts(lab, nodes);
    await repository.add('node1', [{ name, ...broken[name] }]);
    const { run, writes } = await upgrade(`broken ${name}`, 3).finally(() =>
      repository.remove({ name, version: broken[name].version }),
    );
    expect(writes.errors).toEqual([]);
    const [tried = '', ...more] = [...new Set(hostsOf(run, 'update'))];
    expect(more).toEqual([]);
    expect(tried).not.toBe(name === 'patroni' ? first : '');
    const failure = linesOf(run, 'task').find(({ status }) => status === 'failed');
    expect(failure?.message).toContain(broken[name].broken.says);
    expect(linesOf(run, 'restore').map(({ host }) => host)).toEqual([tried, tried]);
    expect(linesOf(run, 'warning').at(-1)).toMatchObject({
      message: `${tried}: with what it had before it is well again`,
      hint: expect.stringContaining('drover verify') as string,
    });
    for (const node of nodes) {
      expect(await versionsOn(node, name)).toEqual(former);
      expect(await heldOn(node)).toContain(name);
    }
    expect(await leader()).toBe(first);
    expect((await postmasterStarts(lab, [first]))[first]).toBe(before[first]);
    expectExit(await on('verify'), 0);
    expectExit(await on('upgrade', '-C'), 0);
  });
});
