import * as z from 'zod';
import { needPath } from '../../facts/path.ts';
import { defineModule } from '../define-module.ts';
import { applyState, diffState, FileStateChange, fileStates, writesOfState } from '../file-state.ts';
import { absolutePath, accountName, mode } from '../params.ts';

export const file = defineModule({
  name: 'file',
  docs: {
    summary: 'Sees to a directory, a link, a file’s owner and mode, or that nothing is at a path.',
    differences: [
      'No `touch`, `hard` and `recurse`.',
      '`state: absent` removes a directory only when it is empty; anything else could be data.',
    ],
    example: `- file:
    path: /etc/postgresql-common/createcluster.d
    state: directory
    mode: "0755"`,
  },
  params: z
    .strictObject({
      path: absolutePath.describe('The path.'),
      state: z
        .enum(fileStates)
        .default('file')
        .describe('What is to be there. `file` sees to the owner and mode of a file that is there already.'),
      owner: accountName.optional().describe('User it belongs to.'),
      group: accountName.optional().describe('Group it belongs to.'),
      mode: mode.optional().describe('Permissions in octal.'),
      src: z.string().optional().describe('Target of a link, as it is to be written in it.'),
    })
    .refine((params) => params.state !== 'link' || params.src !== undefined, {
      message: 'a link needs its target: src',
      path: ['src'],
    }),
  change: FileStateChange,
  needs: ({ path }) => ({ path: needPath(path) }),
  diff: (facts, params) => diffState(facts.path, params),
  apply: applyState,
  writes: writesOfState,
  aim: ({ path, state }) => (state === 'absent' ? `nothing at ${path}` : `${state} ${path}`),
});
