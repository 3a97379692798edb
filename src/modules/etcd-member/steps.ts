import type { EtcdMember, EtcdView } from '../../clients/etcd.ts';
import type { EtcdMemberChange, EtcdMemberParams } from './schema.ts';

type Member = EtcdMemberParams['members'][number];

/** A member that gives the member list. */
export interface Source {
  readonly member: Member;
  readonly view: EtcdView;
}

function addressOf({ name, members }: EtcdMemberParams): string {
  return members.find((member) => member.name === name)?.address ?? '';
}

/** Of a member, or of the task's own. */
export function peerUrlOf(params: EtcdMemberParams, { address } = { address: addressOf(params) }): string {
  return `http://${address}:${params.peer_port}`;
}

/** Its name, the inventory's while it has not started. */
export function nameOf({ name, peerUrls, id }: EtcdMember, params: EtcdMemberParams): string {
  const planned = params.members.find((member) => peerUrls.includes(peerUrlOf(params, member)));
  return name || planned?.name || id;
}

const details: Readonly<Record<EtcdMemberChange['step'], string>> = {
  bootstrap: 'start a new etcd cluster',
  remove: 'remove it from the etcd cluster',
  add: 'add it to the etcd cluster as a learner',
  join: 'start it',
  promote: 'promote it to a voter once it has caught up',
  record: 'note which cluster it belongs to',
};

const actions: Readonly<Record<EtcdMemberChange['step'], EtcdMemberChange['action']>> = {
  bootstrap: 'create',
  remove: 'remove',
  add: 'create',
  join: 'start',
  promote: 'set',
  record: 'set',
};

/** Makes the steps towards membership, each with all that carrying it out needs. */
export function stepsFor(
  { view, member: via }: Source,
  params: EtcdMemberParams,
): (step: EtcdMemberChange['step'], member?: EtcdMember) => EtcdMemberChange {
  const { name } = params;
  const peerUrl = peerUrlOf(params);
  const others = view.members.filter((member) => !member.peerUrls.includes(peerUrl));
  const known = others.map((member) => `${nameOf(member, params)}=${member.peerUrls[0] ?? ''}`);
  const mine = view.members.find((member) => member.peerUrls.includes(peerUrl));
  return (step, member = mine) => ({
    action: actions[step],
    resource: `etcd member ${name}`,
    detail: details[step],
    step,
    name,
    address: addressOf(params),
    client_port: params.client_port,
    peer_url: peerUrl,
    data_dir: params.data_dir,
    unit: params.unit,
    user: params.user,
    timeout: params.timeout,
    initial_cluster: [...known, `${name}=${peerUrl}`].join(','),
    cluster_id: view.clusterId,
    member_id: member?.id ?? '',
    via: { host: via.name, address: via.address },
  });
}
