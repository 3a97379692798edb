import {
  healthRequest,
  isHealthy,
  memberListRequest,
  parseMemberList,
  parseStatus,
  statusRequest,
} from '../../clients/etcd.ts';
import type { Gate } from '../gate.ts';
import type { Look } from '../look.ts';
import type { EtcdSettings } from './settings.ts';

/** A member may be taken down only while all others are healthy: then the rest is a majority, with one in reserve. */
export const gate: Gate<EtcdSettings> = {
  async refusal(look, host) {
    const others = look.hosts.filter(({ name }) => name !== host);
    const sick = (await unhealthy(look)).filter((name) => name !== host);
    // Nobody has anything to lose while there is no cluster, or only this member.
    const members = await memberNames(look);
    const relied = others.filter(({ name }) => members.includes(name));
    const out = relied.filter(({ name }) => sick.includes(name)).map(({ name }) => name);
    return out.length === 0 ? undefined : `the etcd member ${out.join(', ')} is not healthy`;
  },
  async missing(look, host) {
    if (!look.hosts.some(({ name }) => name === host)) return undefined;
    return (await unhealthy(look)).includes(host) ? `etcd on ${host} is not healthy` : undefined;
  },
  async lead({ ask, hosts, settings }) {
    for (const { name, address } of hosts) {
      const endpoint = { address, port: settings.clientPort };
      const status = parseStatus(await ask.http(name, statusRequest(endpoint)));
      const list = parseMemberList(await ask.http(name, memberListRequest(endpoint)));
      const leader = list?.members.find(({ id }) => id === status?.leaderId)?.name;
      if (list && leader !== undefined) return { leader, members: list.members.map((member) => member.name) };
    }
    return undefined;
  },
};

async function unhealthy({ ask, hosts, settings }: Look<EtcdSettings>): Promise<string[]> {
  const answers = await Promise.all(
    hosts.map(async ({ name, address }) => {
      const answer = await ask.http(name, healthRequest({ address, port: settings.clientPort }));
      return isHealthy(answer) ? [] : [name];
    }),
  );
  return answers.flat();
}

/** The started members, by the word of the first that knows. */
async function memberNames({ ask, hosts, settings }: Look<EtcdSettings>): Promise<string[]> {
  for (const { name, address } of hosts) {
    const endpoint = { address, port: settings.clientPort };
    const view = parseMemberList(await ask.http(name, memberListRequest(endpoint)));
    if (view) return view.members.map((member) => member.name).filter((member) => member !== '');
  }
  return [];
}
