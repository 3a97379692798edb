import { moveLeaderRequest, refusalOf } from '../clients/etcd.ts';
import type { HttpAnswer } from '../clients/http.ts';
import { meaningOfHandover, meaningOfRestart } from '../clients/patroni/answers.ts';
import {
  failoverRequest,
  reinitRequest,
  reloadRequest,
  restartRequest,
  switchoverRequest,
} from '../clients/patroni/api.ts';
import { UnhealthyError } from '../core/errors.ts';
import { patroni } from '../components/patroni/index.ts';
import { quote } from '../shell/quote.ts';
import {
  missingFollower,
  missingInSql,
  missingRole,
  missingSettlement,
  missingStandby,
  missingWal,
} from './checks.ts';
import type { Control } from './control.ts';
import { stopWithin } from './operations/switchover.ts';
import { planRebalance, type RebalancePlan } from './operations/rebalance.ts';
import { boundOfAnswer, boundOfClone, boundOfCycle, boundOfRole, boundOfSettling } from './timing.ts';
import type { ClusterView } from './view.ts';

const look = 'drover status shows how the cluster is now';

/** Has the leader hand over, and waits until the other one leads. */
export async function switchOver(control: Control, from: string, to: string): Promise<void> {
  const { timing } = await control.look();
  const order = switchoverRequest(control.restOf(from), control.restLogin, {
    leader: from,
    candidate: to,
  });
  await control.step(`${to} takes the lead`, async () => {
    const answer = await control.send(from, order, boundOfAnswer(timing) + timing.loopWait);
    await awaitLead(control, `${to} takes the lead`, answer, { from, to });
  });
}

/**
 * Makes a member lead, whoever leads now. A leader that answers is asked, since it acts at once then; one that may hang
 * as it stops is killed if it does.
 */
export async function failOver(
  control: Control,
  from: string | undefined,
  to: string,
  mayHang = false,
): Promise<void> {
  const { timing, members } = await control.look();
  const asked = members.find(({ name, answers }) => name === from && answers)?.name ?? to;
  const order = failoverRequest(control.restOf(asked), control.restLogin, to);
  const step = `${to} takes the lead`;
  await control.step(step, async () => {
    let stops = true;
    const sent = control.send(asked, order, boundOfAnswer(timing) + timing.loopWait).then((said) => {
      stops = !['refused', 'failed'].includes(meaningOfHandover(said).kind);
      return said;
    });
    const [answer] = await Promise.all([
      sent,
      mayHang && from !== undefined ? killIfHanging(control, step, from, () => stops) : undefined,
    ]);
    await awaitLead(control, step, answer, { from, to });
  });
}

/**
 * Kills PostgreSQL on a leader that has not let go of the lead in time: Patroni would wait for its end for ever. One that
 * is not to stop, as Patroni refused, goes on.
 */
async function killIfHanging(
  control: Control,
  step: string,
  leader: string,
  stops: () => boolean,
): Promise<void> {
  const hangs = (view: ClusterView) => stops() && view.leader === leader;
  const { timing } = await control.look();
  const view = await control.until(step, boundOfRole(timing), (now, seconds) =>
    hangs(now) && seconds < stopWithin ? `PostgreSQL on ${leader} stops` : undefined,
  );
  if (!hangs(view)) return;
  const dataDir = control.topology.of(patroni).settings.dataDirOf(leader);
  await control.run(leader, `PostgreSQL on ${leader} is killed`, killScript(dataDir), 10);
}

/** `pg_ctl stop -m immediate` of whichever version; nothing where PostgreSQL does not run there. */
function killScript(dataDir: string): string {
  const folder = quote(dataDir);
  return `pid=$(head -n 1 ${folder}/postmaster.pid 2>/dev/null) || exit 0
[ "$(readlink "/proc/$pid/cwd")" != "$(readlink -f ${folder})" ] || kill -QUIT "$pid"`;
}

/** The cluster has the last word: a refusal is final, but a 503 or silence may only be an answer that came too soon. */
async function awaitLead(
  control: Control,
  step: string,
  answer: HttpAnswer,
  { from, to }: { from: string | undefined; to: string },
): Promise<void> {
  const { kind, said } = meaningOfHandover(answer);
  if (kind === 'refused') throw refused('Patroni refused', answer);
  const { timing } = await control.look();
  const bound = kind === 'failed' ? boundOfCycle(timing) : boundOfRole(timing);
  try {
    await control.until(step, bound, (view) => {
      const { leader } = view;
      if (leader !== undefined && leader !== to && leader !== from) {
        throw new UnhealthyError(`${leader} took the lead instead of ${to}`, { hint: look });
      }
      return missingRole(view, to);
    });
  } catch (error) {
    if (kind === 'done' || !(error instanceof UnhealthyError)) throw error;
    throw new UnhealthyError(`${error.message}; Patroni said ${said}`, { hint: look });
  }
}

/** Waits until the cluster is whole: every member that was part of it before follows the leader, by SQL too. */
export async function settle(
  control: Control,
  before: ClusterView,
  leader: string,
  others: readonly string[] = [],
): Promise<ClusterView> {
  const wanted = { leader, members: [...partsOf(before), ...others], etcd: etcdOf(before) };
  const { topology } = control;
  const step = 'all members follow, etcd and HAProxy agree';
  return control.step(step, () =>
    control.until(
      step,
      boundOfSettling(before.timing, topology),
      async (view) => missingSettlement(view, topology, wanted) ?? missingInSql(view, topology, control.sql),
    ),
  );
}

/**
 * The members that worked: the leader and those who followed it, or where nobody led, those that ran. Once stopped,
 * none starts on a full disk.
 */
function partsOf({ leader, members }: ClusterView): string[] {
  const led = members.some(({ name, answers }) => name === leader && answers);
  return members
    .filter(({ fullDisk }) => fullDisk === undefined)
    .filter(({ name, running, streaming }) => (led ? name === leader || streaming : running))
    .map(({ name }) => name);
}

function etcdOf({ etcd }: ClusterView): string[] {
  return etcd.filter(({ follows }) => follows).map(({ name }) => name);
}

/** Restarts PostgreSQL of one member, and waits until it has been started anew and has its place again. */
export async function restartMember(
  control: Control,
  name: string,
  { leads, onlyPending }: { leads: boolean; onlyPending: boolean },
): Promise<void> {
  const before = await control.look();
  const { timing } = before;
  const wasStarted = before.members.find((member) => member.name === name)?.started;
  if ((before.leader === name) !== leads) {
    throw new UnhealthyError(
      `${name} ${leads ? 'does not lead any more' : 'leads now'}: the roles have changed`,
      {
        hint: look,
      },
    );
  }
  const order = restartRequest(control.restOf(name), control.restLogin, {
    timeout: Math.max(1, timing.primaryStartTimeout),
    ...(leads ? {} : { role: 'replica' }),
    ...(onlyPending ? { restart_pending: true } : {}),
  });
  const step = `${name} is restarted`;
  await control.step(step, async () => {
    const answer = await control.send(name, order, timing.primaryStartTimeout + boundOfRole(timing));
    const { kind, said } = meaningOfRestart(answer);
    if (kind === 'refused' || kind === 'failed') throw refused(`${name} was not restarted`, answer);
    try {
      await control.until(step, boundOfSettling(timing, control.topology), (view) => {
        const member = view.members.find((other) => other.name === name);
        if (kind !== 'unnecessary' && member?.started === wasStarted)
          return 'it has not been started anew yet';
        const own = leads ? missingRole(view, name) : (missingFollower(view, name) ?? missingWal(view, name));
        return own ?? missingStandby(view);
      });
    } catch (error) {
      if (kind === 'done' || !(error instanceof UnhealthyError)) throw error;
      throw new UnhealthyError(`${error.message}; Patroni said ${said}`, { hint: look });
    }
  });
}

/**
 * Waits until followers have replayed what the leader had written by now. Only then does a standby know limits of
 * its primary that went down: one that is restarted sooner keeps the former ones.
 */
export async function awaitReplay(control: Control, names: readonly string[]): Promise<void> {
  const { leader, members, timing } = await control.look();
  const target = members.find(({ name }) => name === leader)?.position ?? 0;
  const step = 'the others have replayed that';
  await control.step(step, () =>
    control.until(step, boundOfSettling(timing, control.topology), (view) => {
      const behind = view.members.find(
        ({ name, running, position = 0 }) => names.includes(name) && running && position < target,
      );
      return behind && `${behind.name} has not yet`;
    }),
  );
}

/** Has members read their configuration again, and waits until each has gone through its cycle. */
export async function reloadMembers(control: Control, names: readonly string[]): Promise<ClusterView> {
  const step = `${names.join(', ')} read the configuration`;
  return control.step(step, async () => {
    for (const name of names) {
      const answer = await control.send(name, reloadRequest(control.restOf(name), control.restLogin));
      if (!answer.answered || answer.status >= 300) throw refused(`${name} was not reloaded`, answer);
    }
    return awaitCycle(control, step);
  });
}

/**
 * Waits for as long as a cycle of Patroni's takes, and a second: only then does every member say whether it waits for
 * a restart.
 */
export async function awaitCycle(control: Control, step: string): Promise<ClusterView> {
  const { timing } = await control.look();
  return control.until(step, boundOfCycle(timing), (_, seconds) =>
    seconds < timing.loopWait + 1 ? `for Patroni’s next cycle, up to ${timing.loopWait} s` : undefined,
  );
}

/** Has a replica clone the leader, and waits until it follows. */
export async function reinit(control: Control, name: string): Promise<void> {
  const before = await control.look();
  const wasStarted = before.members.find((member) => member.name === name)?.started;
  const bytes = await sizeOf(control, before);
  const step = `${name} copies the cluster`;
  await control.step(step, async () => {
    const answer = await control.send(name, reinitRequest(control.restOf(name), control.restLogin));
    if (!answer.answered || answer.status !== 200) throw refused(`${name} was not reinitialized`, answer);
    await control.until(step, boundOfClone(bytes, before.timing, control.topology), (view) => {
      const member = view.members.find((other) => other.name === name);
      if (member?.started === undefined || member.started === wasStarted) return 'its data is being copied';
      return missingFollower(view, name);
    });
  });
}

/** Bytes of all databases; none where the leader can't be asked. */
async function sizeOf({ sql, topology }: Control, { leader }: ClusterView): Promise<number> {
  const member = topology.hostsOf(patroni).find(({ name }) => name === leader);
  if (!member) return 0;
  const answer = await sql.on(member, 'SELECT sum(pg_database_size(oid))::float8 AS bytes FROM pg_database');
  return answer.answered ? Number(answer.rows[0]?.['bytes'] ?? 0) : 0;
}

/** Moves etcd's leadership where a plan says, and waits until etcd agrees. */
export async function moveEtcdLeader(
  control: Control,
  { from, to, id }: NonNullable<RebalancePlan['move']>,
): Promise<void> {
  const step = `etcd is led from ${to}`;
  await control.step(step, async () => {
    const answer = await control.send(from, moveLeaderRequest(control.etcdOf(from), id));
    if (!answer.answered || answer.status !== 200) throw refused('etcd’s leader did not hand over', answer);
    const { timing } = await control.look();
    await control.until(step, boundOfCycle(timing), ({ etcd, etcdLeader }) => {
      const silent = etcd.find(({ follows }) => !follows);
      if (silent) return `etcd on ${silent.name} knows no leader`;
      return etcdLeader === to ? undefined : `it is led from ${etcdLeader ?? 'nowhere'}`;
    });
  });
}

/** Keeps etcd's leader off the database leader's host, after roles have changed. What is in the way is a warning. */
export async function rebalance(control: Control): Promise<void> {
  const { refusals, move } = planRebalance(await control.look());
  const [first] = refusals;
  if (first)
    control.emit({
      type: 'warning',
      message: `etcd’s leader stays where it is: ${first.message}`,
      hint: first.hint,
    });
  if (move) await moveEtcdLeader(control, move);
}

function refused(what: string, answer: HttpAnswer): UnhealthyError {
  return new UnhealthyError(`${what}: ${refusalOf(answer)}`, { hint: look });
}
