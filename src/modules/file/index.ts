import { dirname, resolve } from 'node:path/posix';
import * as z from 'zod';
import { needPath, type PathFact } from '../../facts/path.ts';
import { changed, refused, type Verdict } from '../../plan/change.ts';
import { defineModule } from '../define-module.ts';
import { applyState, diffState, FileStateChange, fileStates, writesOfState } from '../file-state.ts';
import { absolutePath, accountName, mode } from '../params.ts';
import { accounts, belowDirectory, emptied, inDirectory } from '../presumptions.ts';

const Params = z
  .strictObject({
    path: absolutePath.describe('The path.'),
    state: z
      .enum(fileStates)
      .default('file')
      .describe('What is to be there. `file` sees to the owner and mode of a file that is there already.'),
    owner: accountName.optional().describe('User it belongs to; of a link, what that leads to.'),
    group: accountName.optional().describe('Group it belongs to.'),
    mode: mode.optional().describe('Permissions in octal.'),
    src: z.string().optional().describe('Target of a link, as it is to be written in it.'),
  })
  .refine((params) => params.state !== 'link' || params.src !== undefined, {
    message: 'a link needs its target: src',
    path: ['src'],
  });

export const file = defineModule({
  name: 'file',
  docs: {
    summary: 'Sees to a directory, a link, a file’s owner and mode, or that nothing is at a path.',
    differences: [
      'No `touch`, `hard` and `recurse`.',
      '`state: absent` removes a directory only when it is empty; anything else could be data.',
      'Parents of a directory that are missing are made root’s and 0755: owner and mode are for the one that is named.',
    ],
    example: `- file:
    path: /etc/postgresql-common/createcluster.d
    state: directory
    mode: "0755"`,
  },
  params: Params,
  change: FileStateChange,
  needs: (params) => {
    const target = targetOf(params);
    return { path: needPath(params.path), target: target === undefined ? [] : [needPath(target)] };
  },
  diff: (facts, params) => {
    const own = diffState(facts.path, params);
    const target = targetOf(params);
    if (target === undefined || own.state === 'refused') return own;
    const behind = diffTarget(facts.target[0], target, params);
    if (behind.state === 'refused') return behind;
    return changed(
      ...[own, behind].flatMap((verdict) => (verdict.state === 'changes' ? verdict.changes : [])),
    );
  },
  presumes: ({ path, state, owner, group }) => [
    ...(state === 'link' ? inDirectory(path) : state === 'absent' ? emptied(path) : belowDirectory(path)),
    ...accounts([owner], [group]),
  ],
  apply: applyState,
  writes: writesOfState,
  aim: ({ path, state }) => (state === 'absent' ? `nothing at ${path}` : `${state} ${path}`),
});

type Params = z.infer<typeof Params>;

/** What a link leads to, where owner, group or mode are given: they are that file's, as in Ansible. */
function targetOf({ path, state, src, owner, group, mode: bits }: Params): string | undefined {
  return state === 'link' && (owner ?? group ?? bits) !== undefined
    ? resolve(dirname(path), src ?? '')
    : undefined;
}

function diffTarget(
  actual: PathFact | undefined,
  target: string,
  { path, owner, group, mode: bits }: Params,
): Verdict<FileStateChange> {
  if (actual?.type === 'file' || actual?.type === 'directory')
    return diffState(actual, { path: target, state: actual.type, owner, group, mode: bits });
  const found = actual ? `a ${actual.type}` : 'not there';
  return refused(
    `${path} leads to ${target}, which is ${found}: owner, group and mode would be its`,
    'leave them out, or give them to the file itself in a task of its own',
  );
}
