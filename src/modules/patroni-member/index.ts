import { prefixRequest } from '../../clients/etcd.ts';
import { needHttp } from '../../facts/api.ts';
import { needContent } from '../../facts/content.ts';
import { onHost } from '../../facts/need.ts';
import { needChangeTime, needPath } from '../../facts/path.ts';
import { needScript } from '../../facts/script.ts';
import { factsOfUnit, needActive, needUnit } from '../../facts/unit.ts';
import { outdate, predict } from '../../plan/change.ts';
import { defineModule } from '../define-module.ts';
import { operationsOf } from './commands.ts';
import { dataDirScript, localesIn, localesScript } from './data-dir.ts';
import { diffMember, guardData } from './diff.ts';
import { PatroniMemberChange, PatroniMemberParams, recordFile } from './schema.ts';

export const patroniMember = defineModule({
  name: 'patroni_member',
  docs: {
    summary:
      'Makes the host a member of a Patroni cluster: the first host of an empty group runs initdb, every other clones. Beside data that belongs to no cluster drover made, nothing is started.',
    example: `- patroni_member:
    name: "{{inventory_hostname}}"
    members: "{{patroni_members}}"
    scope: "{{cluster_name}}"
    etcd: "{{etcd_members}}"
    data_dir: "{{postgres_data_dir}}"
    config: /etc/patroni/config.yml
    bootstrap: { dcs: "{{patroni_dcs}}", initdb: [data-checksums] }`,
  },
  params: PatroniMemberParams,
  change: PatroniMemberChange,
  stepwise: true,
  needs: ({ name, members, scope, etcd, etcd_port: port, data_dir: dataDir, unit, bootstrap }) => {
    const others = members.filter((member) => member.name !== name);
    const control = needPath(`${dataDir}/global/pg_control`);
    const record = needContent(recordFile);
    const dataDirectory = needScript(dataDirScript(dataDir));
    return {
      active: needActive(unit),
      control,
      dataDirectory,
      version: needPath(`${dataDir}/PG_VERSION`),
      record,
      // Only those of initdb for a new cluster count, and asking takes a process.
      locales: localesIn(bootstrap).length === 0 ? [] : [needScript(localesScript)],
      otherControls: others.map((member) => onHost(member.name, control)),
      othersActive: others.map((member) => onHost(member.name, needActive(unit))),
      otherDirectories: others.map((member) => onHost(member.name, dataDirectory)),
      otherRecords: others.map((member) => onHost(member.name, record)),
      keys: etcd.map((member) => ({
        ...needHttp(prefixRequest({ address: member.address, port }, `/service/${scope}/`)),
        host: member.name,
      })),
    };
  },
  diff: (facts, params) => diffMember(facts, params),
  guard: (facts, params) => guardData(facts, params),
  apply: operationsOf,
  mayWrite: ({ unit, config }) => [...factsOfUnit(unit), needChangeTime(config)],
  writes: ({ unit, data_dir: dataDir, config }) => [
    outdate(needUnit(unit)),
    predict(needActive(unit), [['active']]),
    outdate(needPath(`${dataDir}/global/pg_control`)),
    outdate(needPath(`${dataDir}/PG_VERSION`)),
    outdate(needContent(recordFile)),
    outdate(needChangeTime(config)),
  ],
  aim: ({ name, members, scope }) => `${name} one of ${members.length} members of ${scope}`,
});
