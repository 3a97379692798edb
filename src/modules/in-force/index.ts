import * as z from 'zod';
import { needContent } from '../../facts/content.ts';
import { onHost } from '../../facts/need.ts';
import { changeFields } from '../../plan/change.ts';
import { defineModule } from '../define-module.ts';
import { diffInForce, filesOf } from './diff.ts';
import { InForceParams } from './schema.ts';

export const inForce = defineModule({
  name: 'in_force',
  docs: {
    summary:
      'Stops the host where it belongs to a cluster and the inventory gives that what only a new one can be given, or other hosts than it is made of. It says what is in force and where it was read.',
    example: `- in_force:
    record: /var/lib/drover/cluster/postgres
    values:
      - variable: cluster_name
        value: "{{cluster_name}}"
        file: /etc/patroni/config.yml
        pattern: '^scope: (.*)$'`,
  },
  params: InForceParams,
  change: z.strictObject({ ...changeFields }),
  readOnly: true,
  needs: (params) => ({
    record: params.record === undefined ? [] : [needContent(params.record)],
    contents: filesOf(params).map((file) => needContent(file)),
    held: params.peers.flatMap(({ hosts, holding }) =>
      holding === undefined ? [] : hosts.map((host) => onHost(host, needContent(holding))),
    ),
  }),
  diff: (facts, params) => diffInForce(facts, params),
  apply: () => [],
  writes: () => [],
  aim: ({ values }) => `${values.map(({ variable }) => variable).join(', ')} as they are`,
});
