import { describe, expect, test } from 'vitest';
import type { HttpRequest } from '../../../src/clients/http.ts';
import { Vault } from '../../../src/core/secrets.ts';
import { Journal } from '../../../src/engine/journal/journal.ts';
import { answer, FakeCluster } from './fake-cluster.ts';
import { view } from './support.ts';

const order: HttpRequest = {
  address: '10.0.0.1',
  port: 8008,
  method: 'POST',
  path: '/restart',
  body: '{"password":"hunter2","ttl":30}',
};
const read: HttpRequest = { address: '10.0.0.1', port: 8008, method: 'GET', path: '/patroni' };

function journaled(): FakeCluster {
  const request = { verb: 'restart', hosts: ['node1'] };
  const journal = new Journal({ run: 'r1', command: 'drover restart', request, vault: new Vault() });
  return new FakeCluster(view(), { journal });
}

/** The lines that went to a host's journal: `begun …`, `done`, `failed …`. */
const phasesIn = (cluster: FakeCluster) =>
  cluster.scripts.flatMap((script) => [...script.matchAll(/"phase":"(\w+)"/g)].map(([, phase]) => phase));

describe('a request', () => {
  test('from a host that cannot be reached is silence', async () => {
    const cluster = new FakeCluster();
    cluster.unreachable.add('node1');
    expect(await cluster.control.send('node1', read)).toEqual({
      answered: false,
      reason: expect.any(String) as string,
    });
    expect(cluster.requests).toEqual([]);
  });

  test('is not sent once the operation was interrupted', async () => {
    const cluster = new FakeCluster(view(), { signal: AbortSignal.abort() });
    await expect(cluster.control.send('node1', order)).rejects.toThrow('interrupted');
    expect(cluster.requests).toEqual([]);
  });

  test('that only reads leaves no trace in the journal', async () => {
    const cluster = journaled();
    await cluster.control.send('node1', read);
    expect(cluster.requests).toEqual(['node1 GET /patroni']);
    expect(cluster.scripts).toEqual([]);
  });
});

describe('an order', () => {
  test('is in the journal before it is sent, and its end after', async () => {
    const cluster = journaled();
    let known: unknown[] = [];
    cluster.respond = () => {
      known = phasesIn(cluster);
      return answer(200);
    };
    await cluster.control.step('node1 is restarted', () => cluster.control.send('node1', order));
    expect(known).toEqual(['begin', 'begun']);
    expect(phasesIn(cluster)).toEqual(['begin', 'begun', 'done']);
    expect(cluster.scripts.join('\n')).toContain('node1 is restarted');
  });

  test('has its secrets masked in the journal', async () => {
    const cluster = journaled();
    await cluster.control.send('node1', order);
    expect(cluster.scripts.join('\n')).toContain('POST http://10.0.0.1:8008/restart');
    expect(cluster.scripts.join('\n')).not.toContain('hunter2');
  });

  test('that was refused has failed in the journal, too', async () => {
    const cluster = journaled();
    cluster.respond = () => answer(503, 'restart failed');
    await cluster.control.send('node1', order);
    expect(phasesIn(cluster)).toEqual(['begin', 'begun', 'failed']);
    expect(cluster.scripts.join('\n')).toContain('503: restart failed');
  });

  test('is not sent if the journal cannot be written', async () => {
    const cluster = journaled();
    cluster.execute = () => ({ status: 1, stdout: '', stderr: 'no space left', timedOut: false });
    await expect(cluster.control.send('node1', order)).rejects.toThrow('node1: no space left');
    expect(cluster.requests).toEqual([]);
  });
});

describe('a script', () => {
  test('that fails is an error with what it said', async () => {
    const cluster = new FakeCluster();
    cluster.execute = () => ({ status: 4, stdout: '', stderr: 'no such unit\n', timedOut: false });
    await expect(cluster.control.run('node1', 'stop etcd', 'systemctl stop etcd', 10)).rejects.toThrow(
      'node1: stop etcd: no such unit',
    );
    expect(cluster.scripts).toEqual(['node1: set -e\nsystemctl stop etcd']);
  });

  test('that says nothing is an error with its exit status', async () => {
    const cluster = new FakeCluster();
    cluster.execute = () => ({ status: 4, stdout: '', stderr: '', timedOut: false });
    await expect(cluster.control.run('node1', 'stop etcd', 'false', 10)).rejects.toThrow('exit 4');
  });

  test('that takes too long is an error with its time limit', async () => {
    const cluster = new FakeCluster();
    cluster.execute = () => ({ status: 137, stdout: '', stderr: '', timedOut: true });
    await expect(cluster.control.run('node1', 'stop etcd', 'sleep 99', 10)).rejects.toThrow(
      'node1: stop etcd: not within 10 s',
    );
  });
});

describe('a step', () => {
  test('is reported when it begins and when it is done', async () => {
    const cluster = new FakeCluster();
    expect(await cluster.control.step('one', () => Promise.resolve(7))).toBe(7);
    expect(cluster.steps()).toEqual(['begun one', 'done one']);
  });

  test('is reported as failed, and its error passed on', async () => {
    const cluster = new FakeCluster();
    await expect(cluster.control.step('one', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(cluster.steps()).toEqual(['begun one', 'failed one']);
  });
});

describe('a wait', () => {
  test('gives the cluster in which nothing is missing any longer', async () => {
    const cluster = new FakeCluster(view({ leader: undefined }));
    cluster.becomes(view(), 2);
    const found = await cluster.control.until('a leader', 10, ({ leader }) =>
      leader === undefined ? 'nobody leads' : undefined,
    );
    expect(found.leader).toBe('node1');
    expect(cluster.seconds).toBe(2);
  });

  test('past its bound says what is missing', async () => {
    const cluster = new FakeCluster();
    await expect(cluster.control.until('a leader', 10, () => 'nobody leads')).rejects.toThrow(
      'a leader: not within 10 s: nobody leads',
    );
    expect(cluster.seconds).toBe(10);
  });

  test('reports what is missing once, until that changes', async () => {
    const cluster = new FakeCluster();
    await cluster.control.until('a leader', 10, (_, seconds) =>
      seconds < 2 ? 'nobody leads' : seconds < 4 ? 'it starts' : undefined,
    );
    expect(cluster.events.map((event) => (event.type === 'step' ? event.detail : ''))).toEqual([
      'nobody leads',
      'it starts',
    ]);
  });

  test('ends when the operation is interrupted', async () => {
    const interrupt = new AbortController();
    const cluster = new FakeCluster(view(), { signal: interrupt.signal });
    const wait = cluster.control.until('a leader', 10, () => {
      interrupt.abort();
      return 'nobody leads';
    });
    await expect(wait).rejects.toThrow('interrupted');
    expect(cluster.seconds).toBe(0);
  });
});

test('a member that is not in the group has no API', () => {
  const { control } = new FakeCluster();
  expect(control.restOf('node2')).toEqual({ address: '10.0.0.2', port: 8008 });
  expect(control.etcdOf('node3')).toEqual({ address: '10.0.0.3', port: 2379 });
  expect(() => control.restOf('lb')).toThrow('lb is not in the group postgres');
});
