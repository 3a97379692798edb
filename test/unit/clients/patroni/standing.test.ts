import { describe, expect, test } from 'vitest';
import {
  awaitsStandby,
  faultOf,
  faultOfCandidate,
  lacksStandby,
  standingOf,
  stopsStrictWrites,
  type Fault,
  type Standing,
} from '../../../../src/clients/patroni/standing.ts';
import type { PatroniCluster, PatroniMember } from '../../../../src/clients/patroni/api.ts';
import { clusterOf, replica } from './support.ts';

const listed = (members: PatroniCluster['members'], more: Partial<PatroniCluster> = {}) =>
  standingOf({ members, ...more }, { maximumLag: 1024 });
const leader = { name: 'n1', role: 'leader', state: 'running', timeline: 2 };

describe('how a cluster stands by its own list', () => {
  test('shows who leads, who stands by, and what is in the way of orders', () => {
    const standing = listed(
      [leader, { name: 'n2', role: 'quorum_standby', state: 'streaming', lag: 5, timeline: 2 }],
      { pause: true, scheduled_switchover: { at: 'then' } },
    );
    expect(standing).toMatchObject({
      leader: 'n1',
      paused: true,
      scheduled: { at: 'then' },
      synchronous: true,
      timing: { maximumLag: 1024 },
    });
    expect(standing.members[1]).toEqual(replica('n2', { lag: 5, timeline: 2, synchronous: true }));
  });

  test.each([
    ['streaming', true, true],
    // Until Patroni 3.0.4 it says no more.
    ['running', true, undefined],
    ['in archive recovery', true, false],
    ['starting', false, false],
    ['start failed', false, false],
  ])('a replica that is %s', (state, running, streaming) => {
    expect(listed([leader, { name: 'n2', role: 'replica', state }]).members[1]).toMatchObject({
      running,
      streaming,
      lag: undefined,
    });
  });

  test('takes the leader’s word for who streams, and the configuration’s for the synchronous mode', () => {
    const members = ['n2', 'n3'].map((name) => ({ name, role: 'replica', state: 'streaming', lag: 0 }));
    const said: PatroniMember = {
      state: 'running',
      role: 'primary',
      patroni: { version: '4', scope: 'x' },
      replication: [
        { application_name: 'n2', state: 'streaming', sync_state: 'async' },
        { application_name: 'n3', state: 'catchup', sync_state: 'async' },
      ],
    };
    const standing = standingOf(
      { members: [leader, ...members] },
      {
        maximumLag: 0,
        leader: said,
        config: { synchronous_mode: 'quorum', synchronous_mode_strict: 'on' },
      },
    );
    expect(standing.members.map(({ streaming }) => streaming)).toEqual([false, true, false]);
    expect(standing).toMatchObject({ synchronous: true, strict: true });
  });

  test.each([
    [{ nofailover: true }, { nofailover: true, nosync: false }],
    [{ failover_priority: 0 }, { nofailover: true, nosync: false }],
    [{ nosync: true }, { nofailover: false, nosync: true }],
    [undefined, { nofailover: false, nosync: false }],
  ])('reads the tags %j', (tags, read) => {
    const member = { name: 'n2', role: 'replica', state: 'streaming', ...(tags && { tags }) };
    expect(listed([leader, member]).members[1]).toMatchObject(read);
  });
});

describe('a member is not one to count on', () => {
  test.each<[Partial<Standing>, Fault['kind'] | undefined]>([
    [{}, undefined],
    [{ answers: false }, 'silent'],
    [{ running: false }, 'stopped'],
    [{ streaming: false }, 'not-streaming'],
    [{ streaming: undefined }, undefined],
    [{ timeline: 2 }, 'other-timeline'],
    [{ timeline: undefined }, undefined],
    [{ lag: undefined }, 'lag-unknown'],
    [{ lag: 1024 ** 2 }, undefined],
    [{ lag: 1024 ** 2 + 1 }, 'lagging'],
    [{ nofailover: true }, undefined],
  ])('when it is %j: %s', (differs, kind) => {
    const member = replica('n2', differs);
    expect(faultOf(member, clusterOf([member]))?.kind).toBe(kind);
  });

  test('as a leader only when it is silent or stopped: it follows nobody', () => {
    const [led] = clusterOf().members;
    if (!led) throw new Error('there is no member');
    expect(faultOf(led, clusterOf())).toBeUndefined();
    expect(faultOf({ ...led, running: false }, clusterOf())?.kind).toBe('stopped');
  });

  test('but without a leader nobody streams', () => {
    const member = replica('n2', { streaming: false });
    expect(faultOf(member, clusterOf([member], { leader: undefined }))).toBeUndefined();
  });
});

describe('a member must not take the lead', () => {
  test.each<[Partial<Standing>, string | undefined]>([
    [{}, undefined],
    [{ answers: false }, 'does not answer'],
    [{ running: false }, 'does not run PostgreSQL'],
    [{ nofailover: true, streaming: false }, 'is tagged nofailover'],
    [{ streaming: false }, 'does not stream from n1'],
    [{ timeline: 2 }, 'is on timeline 2, and n1 on 1'],
    [{ lag: undefined }, 'does not report its lag'],
    [{ lag: 3 * 1024 ** 2 }, 'lags by 3.0 MiB, more than maximum_lag_on_failover (1.0 MiB)'],
  ])('when it is %j: %s', (differs, message) => {
    const member = replica('n2', differs);
    expect(faultOfCandidate(member, clusterOf([member]))?.message).toBe(message);
  });

  test('when others stand by synchronously', () => {
    const cluster = clusterOf([replica('n2'), replica('n3', { synchronous: true })], { synchronous: true });
    const faults = cluster.members.slice(1).map((member) => faultOfCandidate(member, cluster)?.kind);
    expect(faults).toEqual(['not-synchronous', undefined]);
  });
});

describe('the synchronous mode', () => {
  const modes = { synchronous: true, strict: true };

  test('lacks a standby while there is none, and awaits one where somebody may be it', () => {
    const none = clusterOf([replica('n2', { nosync: true })], modes);
    const some = clusterOf([replica('n2')], modes);
    const there = clusterOf([replica('n2', { synchronous: true })], modes);
    const judge = (cluster: typeof none) => [lacksStandby(cluster), awaitsStandby(cluster)];
    expect([none, some, there, clusterOf()].map(judge)).toEqual([
      [true, false],
      [true, true],
      [false, false],
      [false, false],
    ]);
  });

  test('stops strict writes while the only standby is out, or the leader with no other to stand by the next', () => {
    const two = clusterOf([replica('n2')], modes);
    const three = clusterOf([replica('n2'), replica('n3')], modes);
    const judge = (cluster: typeof two) => ['n1', 'n2'].map((name) => stopsStrictWrites(cluster, name));
    expect(judge(two)).toEqual([true, true]);
    expect(judge(three)).toEqual([false, false]);
    expect(judge({ ...two, strict: false })).toEqual([false, false]);
    expect(judge(clusterOf([replica('n2'), replica('n3', { nosync: true })], modes))).toEqual([true, true]);
  });
});
