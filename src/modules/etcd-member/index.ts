import { memberListRequest } from '../../clients/etcd.ts';
import { needHttp } from '../../facts/api.ts';
import { needContent } from '../../facts/content.ts';
import { onHost } from '../../facts/need.ts';
import { needAvailable } from '../../facts/package.ts';
import { needPath } from '../../facts/path.ts';
import { factsOfUnit, needActive, needUnit } from '../../facts/unit.ts';
import { outdate } from '../../plan/change.ts';
import { defineModule } from '../define-module.ts';
import { operationsOf } from './commands.ts';
import { diffMember, guardData } from './diff.ts';
import { EtcdMemberChange, EtcdMemberParams, recordFile } from './schema.ts';

export const etcdMember = defineModule({
  name: 'etcd_member',
  docs: {
    summary:
      'Makes the host a member of an etcd cluster: the first host of an empty group starts one, every other is added as a learner, started, and promoted once it has caught up. Data that drover did not make is never touched.',
    example: `- etcd_member:
    name: "{{inventory_hostname}}"
    members: "{{etcd_members}}"
    data_dir: /var/lib/etcd/postgresql`,
  },
  params: EtcdMemberParams,
  change: EtcdMemberChange,
  stepwise: true,
  needs: ({ name, members, client_port: port, data_dir: dataDir, unit, package: pkg }) => {
    const others = members.filter((member) => member.name !== name);
    const wal = needPath(`${dataDir}/member/wal`);
    const record = needContent(recordFile);
    return {
      version: needAvailable(pkg),
      active: needActive(unit),
      wal,
      record,
      otherWals: others.map((member) => onHost(member.name, wal)),
      otherRecords: others.map((member) => onHost(member.name, record)),
      lists: members.map((member) => ({
        ...needHttp(memberListRequest({ address: member.address, port })),
        host: member.name,
      })),
    };
  },
  diff: (facts, params) => diffMember(facts, params),
  guard: (facts, params) => guardData(facts, params),
  apply: operationsOf,
  mayWrite: ({ unit }) => factsOfUnit(unit),
  writes: ({ unit, data_dir: dataDir }) => [
    outdate(needUnit(unit)),
    outdate(needActive(unit)),
    outdate(needPath(`${dataDir}/member/wal`)),
    outdate(needContent(recordFile)),
  ],
  aim: ({ name, members }) => `${name} one of ${members.length} etcd members`,
});
