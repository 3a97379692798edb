import { isUp } from '../clients/haproxy.ts';
import { etcdLeaderOf, leadersOf, type Snapshot } from '../components/snapshot.ts';
import type { Topology } from '../components/topology.ts';
import type { Paint } from './style.ts';
import { formatTable } from './table.ts';

/** One member as `status` shows it. */
interface MemberStatus {
  readonly name: string;
  readonly address: string;
  readonly role: string;
  readonly state: string;
  readonly timeline: string;
  readonly lag: string;
  readonly more: string;
}

export interface ClusterStatus {
  readonly cluster: string;
  readonly identifier: string;
  readonly paused: boolean;
  readonly members: readonly MemberStatus[];
  readonly etcd: readonly { name: string; address: string; role: string; version: string; size: string }[];
  readonly haproxy: readonly { name: string; address: string; writes: string; reads: string }[];
}

/** The cluster in the terms of `patronictl list`, with etcd and HAProxy. */
export function statusOf(topology: Topology, snapshot: Snapshot): ClusterStatus {
  const leaders = leadersOf(snapshot);
  const snapshots = [...snapshot.patroni.values()];
  const cluster = snapshots.find((member) => member.cluster)?.cluster;
  return {
    cluster: topology.cluster,
    identifier: snapshots.find((member) => member.member)?.member?.database_system_identifier ?? 'unknown',
    paused: cluster?.pause === true,
    members: topology.postgres.map(({ name, address }) => {
      const { member, silence } = snapshot.patroni.get(name) ?? {};
      const seen = cluster?.members.find((other) => other.name === name);
      const leads = leaders.includes(name);
      const more = [
        ...(member?.pending_restart ? ['waits for a restart'] : []),
        ...(member?.watchdog_failed ? ['watchdog failed'] : []),
        ...(silence === undefined ? [] : [silence]),
      ];
      return {
        name,
        address,
        role: leads ? 'leader' : (seen?.role ?? member?.role ?? '?').replace('master', 'leader'),
        state: member ? (member.replication_state ?? member.state) : (seen?.state ?? 'silent'),
        timeline: String(member?.timeline ?? seen?.timeline ?? '?'),
        lag: leads ? '' : showLag(seen?.lag),
        more: more.join(', '),
      };
    }),
    etcd: topology.etcd.map(({ name, address }) => {
      const { status } = snapshot.etcd.get(name) ?? {};
      const role = !status
        ? 'silent'
        : etcdLeaderOf(snapshot) === name
          ? 'leader'
          : status.isLearner
            ? 'learner'
            : 'follower';
      return {
        name,
        address,
        role,
        version: status?.version ?? '?',
        size: status ? `${(status.size / 1024 ** 2).toFixed(1)} MiB` : '?',
      };
    }),
    haproxy: topology.haproxy.map(({ name, address }) => {
      const state = snapshot.haproxy.get(name);
      const up = (proxy: string) =>
        state?.servers
          .filter((server) => server.proxy === proxy && isUp(server))
          .map(({ server }) => server)
          .join(' ') ?? '';
      return { name, address, writes: state?.problem ?? up('primary'), reads: up('standbys') };
    }),
  };
}

function colourOfRole(role: string): 'green' | 'red' | undefined {
  if (role === 'leader') return 'green';
  return role === '?' || role === 'silent' ? 'red' : undefined;
}

function showLag(lag: number | string | undefined): string {
  if (typeof lag !== 'number') return lag ?? '?';
  return lag === 0 ? '0' : `${(lag / 1024 ** 2).toFixed(1)} MiB`;
}

export function formatStatus(status: ClusterStatus, paint: Paint): string {
  const title = paint('bold', `${status.cluster} (${status.identifier})${status.paused ? ', paused' : ''}`);

  const members = formatTable(
    status.members,
    [
      { title: 'member', text: ({ name }) => name },
      { title: 'address', text: ({ address }) => address },
      { title: 'role', text: ({ role }) => role, colour: ({ role }) => colourOfRole(role) },
      { title: 'state', text: ({ state }) => state },
      { title: 'timeline', text: ({ timeline }) => timeline },
      { title: 'lag', text: ({ lag }) => lag },
      { title: '', text: ({ more }) => more, colour: () => 'yellow' },
    ],
    paint,
  );
  const etcd = formatTable(
    status.etcd,
    [
      { title: 'etcd', text: ({ name }) => name },
      { title: 'address', text: ({ address }) => address },
      { title: 'role', text: ({ role }) => role, colour: ({ role }) => colourOfRole(role) },
      { title: 'version', text: ({ version }) => version },
      { title: 'size', text: ({ size }) => size },
    ],
    paint,
  );
  const haproxy = formatTable(
    status.haproxy,
    [
      { title: 'HAProxy', text: ({ name }) => name },
      { title: 'address', text: ({ address }) => address },
      { title: 'writes to', text: ({ writes }) => writes },
      { title: 'reads from', text: ({ reads }) => reads },
    ],
    paint,
  );
  return [title, members, '', etcd, ...(status.haproxy.length === 0 ? [] : ['', haproxy])].join('\n');
}
