import {
  healthRequest,
  isHealthy,
  memberListRequest,
  parseMemberList,
  parseStatus,
  statusRequest,
} from '../../clients/etcd.ts';
import { ask } from '../ask.ts';
import type { Gate, GateView } from '../gate.ts';

/** A member may be taken down only while all others are healthy: then the rest is a majority, with one in reserve. */
export const etcdGate: Gate = {
  async refusal(view, host) {
    const others = view.topology.etcd.filter(({ name }) => name !== host);
    const sick = (await unhealthy(view)).filter((name) => name !== host);
    // Nobody has anything to lose while there is no cluster, or only this member.
    const members = await memberNames(view);
    const relied = others.filter(({ name }) => members.includes(name));
    const out = relied.filter(({ name }) => sick.includes(name)).map(({ name }) => name);
    return out.length === 0 ? undefined : `the etcd member ${out.join(', ')} is not healthy`;
  },
  async missing(view, host) {
    if (!view.topology.etcd.some(({ name }) => name === host)) return undefined;
    return (await unhealthy(view)).includes(host) ? `etcd on ${host} is not healthy` : undefined;
  },
  async lead({ fleet, topology }) {
    for (const { name, address } of topology.etcd) {
      const endpoint = { address, port: topology.ports.etcd };
      const status = parseStatus(await ask(fleet, name, statusRequest(endpoint)));
      const list = parseMemberList(await ask(fleet, name, memberListRequest(endpoint)));
      const leader = list?.members.find(({ id }) => id === status?.leaderId)?.name;
      if (list && leader !== undefined) return { leader, members: list.members.map((member) => member.name) };
    }
    return undefined;
  },
};

async function unhealthy({ fleet, topology }: GateView): Promise<string[]> {
  const answers = await Promise.all(
    topology.etcd.map(async ({ name, address }) => {
      const answer = await ask(fleet, name, healthRequest({ address, port: topology.ports.etcd }));
      return isHealthy(answer) ? [] : [name];
    }),
  );
  return answers.flat();
}

/** The started members, by the word of the first that knows. */
async function memberNames({ fleet, topology }: GateView): Promise<string[]> {
  for (const { name, address } of topology.etcd) {
    const view = parseMemberList(
      await ask(fleet, name, memberListRequest({ address, port: topology.ports.etcd })),
    );
    if (view) return view.members.map((member) => member.name).filter((member) => member !== '');
  }
  return [];
}
