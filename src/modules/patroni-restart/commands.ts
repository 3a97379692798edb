import { refusalOf } from '../../clients/etcd.ts';
import type { HttpAnswer } from '../../clients/http.ts';
import { meaningOfHandover, meaningOfRestart, type Meaning } from '../../clients/patroni/answers.ts';
import { chooseCandidate, faultsOfCandidates } from '../../clients/patroni/candidate.ts';
import { faultOf, standingOf } from '../../clients/patroni/standing.ts';
import {
  getRequest,
  isLeaderRole,
  leaderOf,
  parseCluster,
  parseMember,
  restartRequest,
  streamersOf,
  switchoverRequest,
  type PatroniCluster,
} from '../../clients/patroni/api.ts';
import { run, type HttpOperation, type Operation, type Progress } from '../../plan/operation.ts';
import { awaitListening, callSystemctl, forgetFailures } from '../../shell/units.ts';
import type { PatroniRestartChange } from './schema.ts';

/** What carries out a restart. All of it is asked of Patroni on the member itself, but for what its leader wrote. */
export function operationsOf(change: PatroniRestartChange): readonly Operation[] {
  const { how, unit, pends } = change;
  // A restart of Patroni is one of PostgreSQL, too, whatever it is for.
  const restarts = unit === undefined ? [restart(change)] : restartUnit(change, unit);
  const begin = pends && unit === undefined ? [awaitPending(change)] : [];
  switch (how) {
    case 'replica':
      return [...begin, ...awaitReplay(change), ...restarts, awaitFit(change)];
    case 'switchover':
      return [
        ...begin,
        ...handOver(change),
        // The demotion has restarted PostgreSQL, with its new package; as a rule nothing is pending then, either.
        ...(unit === undefined ? [] : [awaitOthers(change)]),
        ...(unit !== undefined || pends ? restarts : []),
        awaitFit(change),
      ];
    case 'in-place':
      return [...begin, ...restarts, ...awaitFollowers(change), awaitFit(change)];
  }
}

/** Restarts Patroni as a whole: its new program is not to be had otherwise. */
export function restartUnit(change: PatroniRestartChange, unit: string): readonly Operation[] {
  const { name, address, rest_port: port, stop_timeout: patience, timeout } = change;
  const script = [
    'systemctl daemon-reload',
    forgetFailures(unit),
    callSystemctl('restart', unit, patience),
    awaitListening(unit, port, 60),
  ].join('\n');
  return [
    run(script, { timeout: patience + 90 }),
    {
      kind: 'http',
      what: `PostgreSQL on ${name}`,
      cause: change.cause,
      request: getRequest({ address, port }, '/patroni'),
      within: timeout,
      progress: (answer) => {
        const member = parseMember(answer);
        if (!member) return { waiting: `Patroni: ${refusalOf(answer)}` };
        if (member.state.includes('failed')) return { failed: `${member.state} on ${name}` };
        return member.state === 'running' ? 'done' : { waiting: member.state };
      },
    },
  ];
}

/** Patroni notices in one of its cycles that a setting waits for a restart; before, it would refuse one. */
function awaitPending(change: PatroniRestartChange): HttpOperation {
  return {
    ...awaitCluster(change, `Patroni marks ${change.name} for a restart`, ({ members }) =>
      members.find(({ name }) => name === change.name)?.pending_restart === true
        ? 'done'
        : { waiting: 'no restart pending yet' },
    ),
    within: change.pending_within,
  };
}

function restart(change: PatroniRestartChange): HttpOperation {
  return {
    kind: 'http',
    what: `restart PostgreSQL on ${change.name}`,
    request: restartRequest(endpoint(change), credentials(change), {
      // Of a newer program Patroni knows nothing: only a setting that waits can be made a condition.
      ...(change.newer.length === 0 || change.how === 'switchover' ? { restart_pending: true } : {}),
      // Who leads by now, after all, must not be restarted.
      ...(change.how === 'in-place' ? {} : { role: 'replica' }),
      timeout: change.timeout,
    }),
    // Patroni answers when the restart is over.
    answerWithin: change.timeout + 10,
    within: change.timeout + 20,
    cause: change.cause,
    progress: (answer) => progressOf(meaningOfRestart(answer)),
  };
}

/** The cluster shows how it ended, unless it is clear that it has failed: what comes next waits for that. */
function progressOf({ kind, said }: Meaning): Progress {
  return kind === 'failed' || kind === 'refused' ? { failed: said } : 'done';
}

/** Moves the leader to a member that is fit to lead at that moment, and streams. */
function handOver(change: PatroniRestartChange): HttpOperation[] {
  const { name, followers = [] } = change;
  let candidate: string | undefined;
  let leader: string | undefined;
  return [
    ...awaitFollowers(change),
    awaitCluster(change, `a member to take the lead over from ${name}`, (cluster) => {
      const standing = standingOf(cluster, { maximumLag: change.maximum_lag });
      candidate = chooseCandidate(standing)?.name;
      return candidate === undefined ? { waiting: faultsOfCandidates(standing).join(', ') } : 'done';
    }),
    {
      kind: 'http',
      what: `move the leader away from ${name}`,
      // Known when it is sent.
      get request() {
        const order = { leader: name, ...(candidate === undefined ? {} : { candidate }) };
        return switchoverRequest(endpoint(change), credentials(change), order);
      },
      answerWithin: 60,
      within: 70,
      progress: (answer) => progressOf(meaningOfHandover(answer)),
    },
    awaitCluster(change, `${name} as a replica`, (cluster) => {
      const me = cluster.members.find((member) => member.name === name);
      if (!me || isLeaderRole(me.role)) return { waiting: `${name} still leads` };
      leader = leaderOf(cluster)?.name;
      if (leader === undefined) return { waiting: 'nobody leads yet' };
      return judgeFitness(cluster, change, (member) => member === name);
    }),
    {
      kind: 'http',
      what: 'the new leader sends to all others',
      get request() {
        const address = followers.find((follower) => follower.name === leader)?.address ?? change.address;
        return getRequest({ address, port: change.rest_port }, '/patroni');
      },
      within: change.timeout,
      progress: (answer) =>
        judgeSender(
          answer,
          [...followers.map((follower) => follower.name), name].filter((other) => other !== leader),
        ),
    },
  ];
}

/** Waits until a leader sends WAL to all who follow it, by its own word: the cluster's list is as old as their last cycles. */
function awaitFollowers(change: PatroniRestartChange): HttpOperation[] {
  const names = (change.followers ?? []).map(({ name }) => name);
  if (names.length === 0) return [];
  return [
    {
      kind: 'http',
      what: `${change.name} sends to ${names.join(', ')}`,
      request: getRequest(endpoint(change), '/patroni'),
      within: change.timeout,
      progress: (answer) => judgeSender(answer, names),
    },
  ];
}

function judgeSender(answer: HttpAnswer, names: readonly string[]): Progress {
  const leader = parseMember(answer);
  if (!leader) return { waiting: `Patroni: ${refusalOf(answer)}` };
  const mute = names.filter((name) => !streamersOf(leader).has(name));
  return mute.length === 0 ? 'done' : { waiting: `${mute.join(', ')} does not stream` };
}

/** After the leader has moved, the others have to follow the new one before this member may be out. */
function awaitOthers(change: PatroniRestartChange): HttpOperation {
  return awaitCluster(change, 'the other members', (cluster) => judgeFitness(cluster, change));
}

function judgeFitness(
  cluster: PatroniCluster,
  { maximum_lag: maximumLag }: PatroniRestartChange,
  isMeant: (name: string) => boolean = () => true,
): Progress {
  const standing = standingOf(cluster, { maximumLag });
  for (const { name, state } of cluster.members.filter((member) => isMeant(member.name))) {
    const member = standing.members.find((other) => other.name === name);
    const fault = member && faultOf(member, standing);
    if (fault)
      return {
        waiting: `${name} ${['stopped', 'not-streaming'].includes(fault.kind) ? `is ${state}` : fault.message}`,
      };
  }
  return 'done';
}

/** Waits until the whole cluster is fit again: this member runs with its settings, and the others follow. */
function awaitFit(change: PatroniRestartChange): HttpOperation {
  const operation = awaitCluster(change, `PostgreSQL on ${change.name}`, (cluster) => {
    const me = cluster.members.find(({ name }) => name === change.name);
    if (!me) return { waiting: `${change.name} is not there yet` };
    if (me.state.includes('failed')) return { failed: `${me.state} on ${change.name}` };
    if (me.pending_restart === true) return { waiting: 'a restart is still pending' };
    if (!leaderOf(cluster)) return { waiting: 'nobody leads' };
    return judgeFitness(cluster, change);
  });
  // Patroni has answered that the restart is over: what is left is noticing.
  return { ...operation, within: change.pending_within + 60, cause: change.cause };
}

/**
 * Waits until a replica has replayed what its leader has written by now: only then does it know of a parameter that
 * went down there, and a restart before that would keep the old value.
 */
function awaitReplay({
  name,
  address,
  leader,
  rest_port: port,
  timeout,
}: PatroniRestartChange): HttpOperation[] {
  if (!leader) return [];
  let goal: number | undefined;
  const ask = (of: string, what: string, progress: HttpOperation['progress']): HttpOperation => ({
    kind: 'http',
    what,
    request: getRequest({ address: of, port }, '/patroni'),
    within: timeout,
    progress,
  });
  return [
    ask(leader.address, `${leader.name} takes writes`, (answer) => {
      goal = parseMember(answer)?.xlog?.location;
      return goal === undefined ? { waiting: 'no position in the log yet' } : 'done';
    }),
    ask(address, `${name} replays what ${leader.name} has written`, (answer) => {
      const replayed = parseMember(answer)?.xlog?.replayed_location ?? 0;
      return goal !== undefined && replayed >= goal
        ? 'done'
        : { waiting: `${(goal ?? 0) - replayed} bytes to go` };
    }),
  ];
}

function awaitCluster(
  change: PatroniRestartChange,
  what: string,
  judge: (cluster: PatroniCluster) => Progress,
): HttpOperation {
  return {
    kind: 'http',
    what,
    request: getRequest(endpoint(change), '/cluster'),
    within: change.timeout,
    progress: (answer: HttpAnswer) => {
      const cluster = parseCluster(answer);
      return cluster ? judge(cluster) : { waiting: `Patroni on ${change.name}: ${refusalOf(answer)}` };
    },
  };
}

function endpoint({ address, rest_port: port }: PatroniRestartChange) {
  return { address, port };
}

function credentials({ rest_user: user, rest_password: password }: PatroniRestartChange) {
  return { user, password };
}
