import * as z from 'zod';
import { needGroup, needGroupName } from '../../facts/account.ts';
import { changed, changeFields, inSync, outdate } from '../../plan/change.ts';
import { run } from '../../plan/operation.ts';
import { quoteAll } from '../../shell/quote.ts';
import { defineModule } from '../define-module.ts';
import { accountName } from '../params.ts';

export const group = defineModule({
  name: 'group',
  docs: {
    summary: 'Sees to a local group.',
    differences: [],
    example: `- group:
    name: dba`,
  },
  params: z.strictObject({
    name: accountName.describe('The group.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether it is to exist.'),
    gid: z.int().optional().describe('Its number.'),
    system: z.boolean().default(false).describe('A new group gets a number out of the system’s range.'),
  }),
  change: z.strictObject({ ...changeFields, command: z.array(z.string()) }),
  needs: ({ name }) => ({ group: needGroup(name) }),
  diff({ group: actual }, { name, state, gid, system }) {
    const id = gid === undefined ? [] : ['--gid', String(gid)];
    if (state === 'absent') {
      return actual
        ? changed({ action: 'remove', resource: name, command: ['groupdel', '--', name] })
        : inSync();
    }
    if (!actual) {
      const command = ['groupadd', ...(system ? ['--system'] : []), ...id, '--', name];
      return changed({ action: 'create', resource: name, command });
    }
    if (gid === undefined || actual.gid === gid) return inSync();
    const detail = `gid ${actual.gid} -> ${gid}`;
    return changed({ action: 'update', resource: name, detail, command: ['groupmod', ...id, '--', name] });
  },
  apply: ({ command }) => [run(quoteAll(command))],
  writes: ({ resource }) => [needGroup(resource), needGroupName(resource)].map(outdate),
  aim: ({ name, state }) => (state === 'absent' ? `no group ${name}` : `group ${name}`),
});
