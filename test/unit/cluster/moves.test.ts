import { describe, expect, test } from 'vitest';
import {
  awaitReplay,
  failOver,
  moveEtcdLeader,
  rebalance,
  reinit,
  reloadMembers,
  restartMember,
  settle,
  switchOver,
} from '../../../src/cluster/moves.ts';
import { answer, FakeCluster, silence } from './fake-cluster.ts';
import { etcdMember, view, viewWith } from './support.ts';

const node1Leads = view();
const node2Leads = viewWith(
  { node1: { streaming: true, lag: 0 }, node2: { streaming: false, lag: undefined } },
  { leader: 'node2', leaders: ['node2'], writesTo: new Map([['lb', ['node2']]]) },
);
const nobodyLeads = view({ leader: undefined, leaders: [] });

describe('a switchover', () => {
  test('is ordered from the leader, and done once the candidate leads', async () => {
    const cluster = new FakeCluster();
    cluster.respond = () => {
      cluster.becomes(node2Leads, 3);
      return answer(200);
    };
    await switchOver(cluster.control, 'node1', 'node2');
    expect(cluster.requests).toEqual(['node1 POST /switchover {"leader":"node1","candidate":"node2"}']);
    expect(cluster.steps()).toEqual([
      'begun node2 takes the lead',
      'waiting node2 takes the lead',
      'done node2 takes the lead',
    ]);
    expect(cluster.seconds).toBe(3);
  });

  test('that Patroni refuses is not waited for', async () => {
    const cluster = new FakeCluster();
    cluster.respond = () => answer(412, 'candidate does not exist');
    await expect(switchOver(cluster.control, 'node1', 'node2')).rejects.toThrow(
      'Patroni refused: 412: candidate does not exist',
    );
    expect(cluster.seconds).toBe(0);
  });

  test('succeeds without an answer, if the candidate leads', async () => {
    const cluster = new FakeCluster();
    cluster.respond = () => {
      cluster.becomes(node2Leads, 5);
      return silence;
    };
    await expect(switchOver(cluster.control, 'node1', 'node2')).resolves.toBeUndefined();
  });

  test('that failed says what Patroni said, after one cycle', async () => {
    const cluster = new FakeCluster();
    cluster.respond = () => answer(503, 'Switchover failed');
    await expect(switchOver(cluster.control, 'node1', 'node2')).rejects.toThrow(
      /node1 leads; Patroni said .*Switchover failed/,
    );
    expect(cluster.seconds).toBeLessThan(60);
  });

  test('ends at once if a third member takes the lead', async () => {
    const cluster = new FakeCluster();
    cluster.respond = () => {
      cluster.becomes(view({ leader: 'node3', leaders: ['node3'] }), 2);
      return answer(200);
    };
    await expect(switchOver(cluster.control, 'node1', 'node2')).rejects.toThrow(
      'node3 took the lead instead of node2',
    );
    expect(cluster.seconds).toBe(2);
  });
});

describe('a failover', () => {
  test('is ordered from a leader that answers', async () => {
    const cluster = new FakeCluster();
    cluster.respond = () => {
      cluster.becomes(node2Leads);
      return answer(200);
    };
    await failOver(cluster.control, 'node1', 'node2');
    expect(cluster.requests).toEqual(['node1 POST /failover {"candidate":"node2"}']);
  });

  test('is ordered from the candidate if the leader does not answer', async () => {
    const cluster = new FakeCluster(viewWith({ node1: { answers: false } }, nobodyLeads));
    cluster.respond = () => {
      cluster.becomes(node2Leads, 1);
      return answer(200);
    };
    await failOver(cluster.control, 'node1', 'node2');
    expect(cluster.requests).toEqual(['node2 POST /failover {"candidate":"node2"}']);
  });

  test.each([
    { what: 'is killed once it hangs', lets: 60, kills: true },
    { what: 'is not killed when it lets go in time', lets: 3, kills: false },
  ])('off a leader on a full disk: it $what', async ({ lets, kills }) => {
    const cluster = new FakeCluster();
    cluster.respond = () => {
      cluster.becomes(node2Leads, lets);
      return silence;
    };
    cluster.execute = () => {
      cluster.becomes(node2Leads, 1);
      return { status: 0, stdout: '', stderr: '', timedOut: false };
    };
    await failOver(cluster.control, 'node1', 'node2', true);
    expect(cluster.scripts.map((script) => /^node1: [^]*kill -QUIT/.test(script))).toEqual(
      kills ? [true] : [],
    );
    expect(cluster.seconds).toBe(kills ? 6 : 3);
  });

  test.each([
    ['refused', answer(412, 'candidate is not healthy')],
    ['begun, and has failed', answer(503, 'Failover failed')],
    ['not taken, as nobody listens', { answered: false, reason: 'connection refused' } as const],
  ])('off a leader on a full disk kills nothing where it is %s', async (_, said) => {
    const cluster = new FakeCluster();
    cluster.respond = () => said;
    await expect(failOver(cluster.control, 'node1', 'node2', true)).rejects.toThrow(/Patroni/);
    expect(cluster.scripts).toEqual([]);
  });
});

describe('a cluster has settled', () => {
  test('when all members follow, and etcd, HAProxy and PostgreSQL agree', async () => {
    const cluster = new FakeCluster(viewWith({ node1: { running: false, streaming: false } }, node2Leads));
    cluster.becomes(view({ ...node2Leads, writesTo: new Map([['lb', ['node1']]]) }), 2);
    cluster.becomes(view({ ...node2Leads, etcdLeader: undefined }), 4);
    cluster.becomes(node2Leads, 6);
    cluster.rows = (host) =>
      cluster.seconds < 8 && host === 'node1' ? { answered: true, rows: [{ standby: false }] } : undefined;
    await settle(cluster.control, node1Leads, 'node2');
    expect(cluster.seconds).toBe(8);
    expect(
      cluster.events.flatMap((event) => (event.type === 'step' && event.detail ? [event.detail] : [])),
    ).toEqual([
      'node1 does not run PostgreSQL yet',
      'HAProxy on lb sends writes to node1',
      'etcd has no leader',
      'node1 still takes writes',
    ]);
  });

  test('without a member that did not follow before', async () => {
    const before = viewWith({ node3: { running: false, streaming: false } });
    const cluster = new FakeCluster(before);
    await settle(cluster.control, before, 'node1');
    expect(cluster.seconds).toBe(0);
  });

  test('without a member that cannot start on its full disk', async () => {
    const full = viewWith({ node3: { fullDisk: '0 % of /data free' } });
    const cluster = new FakeCluster({
      ...full,
      ...viewWith({ node3: { running: false, streaming: false } }),
    });
    await settle(cluster.control, full, 'node1');
    expect(cluster.seconds).toBe(0);
  });

  test('only with a member that is named to be waited for', async () => {
    const before = viewWith({ node3: { running: false, streaming: false } });
    const cluster = new FakeCluster(before);
    await expect(settle(cluster.control, before, 'node1', ['node3'])).rejects.toThrow(
      'node3 does not run PostgreSQL yet',
    );
  });
});

describe('the restart of a member', () => {
  const restarted = viewWith({ node2: { started: '2030-01-02' } });

  test('is done once PostgreSQL has started anew and follows', async () => {
    const cluster = new FakeCluster();
    cluster.respond = () => {
      cluster.becomes(viewWith({ node2: { started: '2030-01-02', streaming: false } }), 1);
      cluster.becomes(restarted, 2);
      return answer(200);
    };
    await restartMember(cluster.control, 'node2', { leads: false, onlyPending: true });
    expect(cluster.requests).toEqual([
      expect.stringMatching(
        /^node2 POST \/restart \{"timeout":\d+,"role":"replica","restart_pending":true\}$/,
      ),
    ]);
    expect(cluster.seconds).toBe(2);
  });

  test('waits for a synchronous standby, so that writes do not wait for the next one', async () => {
    const cluster = new FakeCluster(view({ synchronous: true }));
    cluster.respond = () => {
      cluster.becomes(viewWith({ node2: { started: '2030-01-02' } }, { synchronous: true }), 1);
      const standby = { node2: { started: '2030-01-02' }, node3: { synchronous: true } };
      cluster.becomes(viewWith(standby, { synchronous: true }), 8);
      return answer(200);
    };
    await restartMember(cluster.control, 'node2', { leads: false, onlyPending: true });
    expect(cluster.seconds).toBe(8);
  });

  test('does not name the role of a leader, which versions of Patroni call differently', async () => {
    const cluster = new FakeCluster();
    cluster.respond = () => {
      cluster.becomes(viewWith({ node1: { started: '2030-01-02' } }));
      return answer(200);
    };
    await restartMember(cluster.control, 'node1', { leads: true, onlyPending: false });
    expect(cluster.requests).toEqual([expect.stringMatching(/^node1 POST \/restart \{"timeout":\d+\}$/)]);
  });

  test('is done without a restart if none was pending any longer', async () => {
    const cluster = new FakeCluster();
    cluster.respond = () => answer(503, 'restart conditions are not satisfied');
    await restartMember(cluster.control, 'node2', { leads: false, onlyPending: true });
    expect(cluster.seconds).toBe(0);
  });

  test('is not ordered if the roles have changed', async () => {
    const cluster = new FakeCluster();
    await expect(
      restartMember(cluster.control, 'node1', { leads: false, onlyPending: false }),
    ).rejects.toThrow('node1 leads now: the roles have changed');
    await expect(
      restartMember(cluster.control, 'node2', { leads: true, onlyPending: false }),
    ).rejects.toThrow(/^node2 does not lead .*: the roles have changed$/);
    expect(cluster.requests).toEqual([]);
  });

  test.each([
    [answer(503, 'restart failed'), '503: restart failed'],
    [answer(401, 'no auth'), '401: no auth'],
    [{ answered: false, reason: 'connection refused' } as const, 'connection refused'],
  ])('that was answered with %j is an error at once', async (said, message) => {
    const cluster = new FakeCluster();
    cluster.respond = () => said;
    await expect(
      restartMember(cluster.control, 'node2', { leads: false, onlyPending: false }),
    ).rejects.toThrow(`node2 was not restarted: ${message}`);
    expect(cluster.seconds).toBe(0);
  });

  test('that nobody saw end says what Patroni said', async () => {
    const cluster = new FakeCluster();
    cluster.respond = () => silence;
    await expect(
      restartMember(cluster.control, 'node2', { leads: false, onlyPending: false }),
    ).rejects.toThrow(/it has not been started anew yet; Patroni said timed out/);
  });
});

test('replay is awaited up to what the leader had written at the beginning', async () => {
  const cluster = new FakeCluster(
    viewWith({ node1: { position: 500 }, node2: { position: 400 }, node3: { position: 100 } }),
  );
  cluster.becomes(viewWith({ node1: { position: 900 }, node2: { position: 500 } }), 3);
  await awaitReplay(cluster.control, ['node2']);
  expect(cluster.seconds).toBe(3);
});

test('a reload is ordered from each member, and awaited for a cycle of Patroni’s', async () => {
  const cluster = new FakeCluster();
  await reloadMembers(cluster.control, ['node3', 'node1']);
  expect(cluster.requests).toEqual(['node3 POST /reload {}', 'node1 POST /reload {}']);
  expect(cluster.seconds).toBe(11);
});

test('a reload stops at the first member that refuses', async () => {
  const cluster = new FakeCluster();
  cluster.respond = (host) => answer(host === 'node3' ? 403 : 202, 'forbidden');
  await expect(reloadMembers(cluster.control, ['node3', 'node1'])).rejects.toThrow(
    'node3 was not reloaded: 403: forbidden',
  );
  expect(cluster.requests).toEqual(['node3 POST /reload {}']);
});

describe('a reinit', () => {
  test('is done once the replica has started anew and follows', async () => {
    const cluster = new FakeCluster();
    cluster.respond = () => {
      cluster.becomes(viewWith({ node3: { started: undefined, running: false, streaming: false } }), 1);
      cluster.becomes(viewWith({ node3: { started: '2030-01-02' } }), 40);
      return answer(200);
    };
    await reinit(cluster.control, 'node3');
    expect(cluster.requests).toEqual([expect.stringMatching(/^node3 POST \/reinitialize/)]);
    expect(cluster.seconds).toBe(40);
  });

  test('waits longer for a larger database', async () => {
    const patienceFor = async (bytes: number) => {
      const cluster = new FakeCluster();
      cluster.rows = () => ({ answered: true, rows: [{ bytes }] });
      await expect(reinit(cluster.control, 'node3')).rejects.toThrow('its data is being copied');
      return cluster.seconds;
    };
    expect(await patienceFor(2 ** 34)).toBeGreaterThan(await patienceFor(2 ** 20));
  });
});

describe('etcd’s leader', () => {
  const move = { from: 'node1', to: 'node2', id: 'id-node2' };

  test('has moved once every member knows the new one', async () => {
    const cluster = new FakeCluster(view({ etcdLeader: 'node1' }));
    cluster.respond = () => {
      const etcd = [etcdMember('node1', { follows: false }), etcdMember('node2'), etcdMember('node3')];
      cluster.becomes(view({ etcd, etcdLeader: 'node2' }), 1);
      cluster.becomes(view({ etcdLeader: 'node2' }), 2);
      return answer(200);
    };
    await moveEtcdLeader(cluster.control, move);
    expect(cluster.seconds).toBe(2);
    expect(cluster.steps().at(-1)).toBe('done etcd is led from node2');
  });

  test('stays if it refuses to hand over', async () => {
    const cluster = new FakeCluster(view({ etcdLeader: 'node1' }));
    cluster.respond = () => answer(400, '{"message":"etcdserver: bad leader transferee"}');
    await expect(moveEtcdLeader(cluster.control, move)).rejects.toThrow('etcd’s leader did not hand over');
  });

  test('is moved off the database leader’s host', async () => {
    const cluster = new FakeCluster(view({ etcdLeader: 'node1' }));
    cluster.respond = () => {
      cluster.becomes(view({ etcdLeader: 'node2' }));
      return answer(200);
    };
    await rebalance(cluster.control);
    expect(cluster.requests).toHaveLength(1);
  });

  test('is left alone on another host', async () => {
    const cluster = new FakeCluster();
    await rebalance(cluster.control);
    expect(cluster.requests).toEqual([]);
  });

  test('stays with a warning if no other member can take over', async () => {
    const etcd = ['node1', 'node2', 'node3'].map((name) =>
      etcdMember(name, name === 'node1' ? {} : { answers: false, follows: false }),
    );
    const cluster = new FakeCluster(view({ etcd, etcdLeader: 'node1' }));
    await rebalance(cluster.control);
    expect(cluster.requests).toEqual([]);
    expect(cluster.events).toEqual([
      expect.objectContaining({
        type: 'warning',
        message: expect.stringContaining('etcd’s leader stays where it is') as string,
      }),
    ]);
  });
});
