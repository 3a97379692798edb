import { getRequest, isFit, isLeaderRole, parseCluster, parseMember } from '../../clients/patroni.ts';
import { ask } from '../ask.ts';
import type { Gate, GateView } from './gate.ts';

/** Bytes a replica may lag behind to count as fit. */
const maximumLag = 1_048_576;

/** One member at a time may be out, and every replica streams. */
export const patroniGate: Gate = {
  async refusal(view, host) {
    const cluster = await readCluster(view);
    if (!cluster) return undefined;
    if (cluster.pause === true) return 'the cluster is paused';
    if (!cluster.members.some(({ role }) => isLeaderRole(role))) return 'the cluster has no leader';
    const out = cluster.members.filter((member) => member.name !== host && !isFit(member, maximumLag));
    return out.length === 0
      ? undefined
      : out.map(({ name, state, lag }) => `${name} is ${state}, lag ${lag ?? 'unknown'}`).join(', ');
  },
  async missing(view, host) {
    if (!view.topology.postgres.some(({ name }) => name === host)) return undefined;
    const cluster = await readCluster(view);
    const me = cluster?.members.find(({ name }) => name === host);
    if (!cluster || !me) return 'Patroni does not show it in the cluster';
    if (!isFit(me, maximumLag)) return `it is ${me.state}, lag ${me.lag ?? 'unknown'}`;
    const leader = cluster.members.find(({ role }) => isLeaderRole(role));
    if (!leader) return 'the cluster has no leader';
    if (leader === me) return undefined;
    const streams = await streaming(view, leader.name);
    return streams?.has(host) === false ? `it does not stream from ${leader.name}` : undefined;
  },
  async lead(view) {
    const cluster = await readCluster(view);
    const leader = cluster?.members.find(({ role }) => isLeaderRole(role))?.name;
    return cluster && leader !== undefined
      ? { leader, members: cluster.members.map(({ name }) => name) }
      : undefined;
  },
};

/** The cluster as the first member shows it that answers. */
export async function readCluster({ fleet, topology }: GateView) {
  for (const { name, address } of topology.postgres) {
    const cluster = parseCluster(
      await ask(fleet, name, getRequest({ address, port: topology.ports.rest }, '/cluster')),
    );
    if (cluster) return cluster;
  }
  return undefined;
}

/** Who streams from the leader, in its own words; undefined when it does not say. */
async function streaming({ fleet, topology }: GateView, leader: string): Promise<Set<string> | undefined> {
  const node = topology.postgres.find(({ name }) => name === leader);
  if (!node) return undefined;
  const answer = await ask(
    fleet,
    leader,
    getRequest({ address: node.address, port: topology.ports.rest }, '/patroni'),
  );
  const member = parseMember(answer);
  if (!member) return undefined;
  const streams = (member.replication ?? []).filter(({ state }) => state === 'streaming');
  return new Set(streams.map((stream) => stream.application_name));
}
