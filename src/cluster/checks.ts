import { awaitsStandby, divergence, faultOf } from '../clients/patroni/standing.ts';
import { haproxy } from '../components/haproxy/index.ts';
import { patroni } from '../components/patroni/index.ts';
import { firstRow, reasonOf, type DatabaseRole } from '../components/database-role.ts';
import type { Topology } from './topology.ts';
import type { ClusterView, MemberView } from './view.ts';

/** What is missing before a member leads and PostgreSQL there runs. */
export function missingRole({ leader, members }: ClusterView, wanted: string): string | undefined {
  if (leader === undefined) return 'there is no leader';
  if (leader !== wanted) return `${leader} leads`;
  return members.some(({ name, running }) => name === wanted && running)
    ? undefined
    : `${wanted} does not run PostgreSQL yet`;
}

/** What is missing before a member runs and follows the leader on its timeline. */
export function missingFollower(view: ClusterView, name: string): string | undefined {
  const member = view.members.find((other) => other.name === name);
  const leader = view.members.find((other) => other.name === view.leader);
  if (!member?.answers) return `${name} does not answer`;
  if (!member.running) return `${name} does not run PostgreSQL yet`;
  if (!member.streaming) return `${name} does not stream yet`;
  const diverged = divergence(member, view);
  if (diverged) return `${name} ${diverged.message}`;
  if (member.timeline !== leader?.timeline) return `${name} is on timeline ${member.timeline ?? '?'}`;
  return undefined;
}

/** What is missing before a follower has so much of the leader's WAL that another member may be out. */
export function missingWal(view: ClusterView, name: string): string | undefined {
  const member = view.members.find((other) => other.name === name);
  const fault = member && faultOf(member, view);
  return fault && `${name} ${fault.message}`;
}

/** What is missing before another member may be out, where writes are to have a synchronous standby. */
export function missingStandby(view: ClusterView): string | undefined {
  return awaitsStandby(view) ? 'there is no synchronous standby yet' : undefined;
}

/** What is missing before the cluster is whole under a leader: who answered before follows, etcd and HAProxy agree. */
export function missingSettlement(
  view: ClusterView,
  topology: Topology,
  before: { readonly leader: string; readonly members: readonly string[]; readonly etcd: readonly string[] },
): string | undefined {
  const role = missingRole(view, before.leader);
  if (role !== undefined) return role;
  const followers = before.members.filter((name) => name !== before.leader);
  const follower = followers
    .map((name) => missingFollower(view, name))
    .find((missing) => missing !== undefined);
  if (follower !== undefined) return follower;
  if (view.synchronous && followers.length > 0 && !view.members.some(({ synchronous }) => synchronous))
    return 'there is no synchronous standby yet';
  const silent = view.etcd.filter(({ name, follows }) => before.etcd.includes(name) && !follows);
  if (silent.length > 0) return `etcd on ${silent.map(({ name }) => name).join(', ')} knows no leader`;
  if (view.etcdLeader === undefined) return 'etcd has no leader';
  return view.standby ? undefined : missingRoute(view, topology, before.leader);
}

function missingRoute({ writesTo }: ClusterView, topology: Topology, leader: string): string | undefined {
  const wrong = topology.hostsOf(haproxy).find(({ name }) => {
    const servers = writesTo.get(name);
    return servers !== undefined && (servers.length !== 1 || servers[0] !== leader);
  });
  if (!wrong) return undefined;
  return `HAProxy on ${wrong.name} sends writes to ${writesTo.get(wrong.name)?.join(', ') || 'nobody'}`;
}

/** What is missing before PostgreSQL itself agrees with the roles. */
export async function missingInSql(
  view: ClusterView,
  topology: Topology,
  sql: DatabaseRole,
): Promise<string | undefined> {
  const nodes = topology.hostsOf(patroni).filter(({ name }) => isAsked(view.members, name));
  const said = await Promise.all(
    nodes.map(async (node) => {
      const answer = await sql.on(node, 'SELECT pg_is_in_recovery() AS standby');
      const standby = firstRow(answer)?.['standby'];
      const wanted = view.standby || node.name !== view.leader;
      if (standby === wanted) return undefined;
      if (standby === undefined) return `PostgreSQL on ${node.name}: ${reasonOf(answer)}`;
      return `${node.name} ${wanted ? 'still takes writes' : 'takes no writes yet'}`;
    }),
  );
  return said.find((missing) => missing !== undefined);
}

function isAsked(members: readonly MemberView[], name: string): boolean {
  return members.some((member) => member.name === name && member.running);
}
