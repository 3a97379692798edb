import * as z from 'zod';
import { needChangeTime, needPath, pathRecords, type PathFact } from '../../facts/path.ts';
import { changed, changeFields, inSync, refused, type Verdict } from '../../plan/change.ts';
import { run } from '../../plan/operation.ts';
import { attributes, writeFolder, type NewFolder } from '../../shell/files.ts';
import { quote } from '../../shell/quote.ts';
import { defineModule } from '../define-module.ts';
import { describeAttributes } from '../file-content.ts';
import { absolutePath, accountName, mode } from '../params.ts';

const Params = z
  .strictObject({
    path: absolutePath.describe('The path.'),
    state: z
      .enum(['file', 'directory', 'link', 'absent'])
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
  });
type Params = z.infer<typeof Params>;

const FileStateChange = z.strictObject({
  ...changeFields,
  type: z.enum(['file', 'directory', 'link', 'absent']),
  owner: z.string(),
  group: z.string(),
  mode: z.string(),
  target: z.string().optional(),
});
type FileStateChange = z.infer<typeof FileStateChange>;

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
  params: Params,
  change: FileStateChange,
  needs: ({ path }) => ({ path: needPath(path) }),
  diff: ({ path: actual }, params) => diff(actual, params),
  // What is below a link, or a path that goes, is another afterwards.
  apply: (change) => [
    run(script(change), {
      ...(change.type === 'directory' || change.type === 'file' ? { narrow: true } : {}),
      ...(change.type === 'directory' && change.action === 'create' ? { newFolder: folderOf(change) } : {}),
    }),
  ],
  writes: ({ resource: key, type, owner, group, mode: bits, target }) => [
    {
      kind: 'path',
      key,
      ...(type === 'absent' ? { records: [] } : {}),
      ...(type === 'directory' ? { records: pathRecords({ type, mode: bits, owner, group }) } : {}),
      ...(type === 'link'
        ? {
            records: [
              ['symbolic link', '777', 'root', 'root'],
              ['link', target ?? ''],
            ],
          }
        : {}),
    },
    { kind: needChangeTime(key).kind, key },
    ...(type === 'absent' || type === 'link' ? ['digest', 'content'].map((kind) => ({ kind, key })) : []),
  ],
  aim: ({ path, state }) => (state === 'absent' ? `nothing at ${path}` : `${state} ${path}`),
});

function diff(actual: PathFact | undefined, params: Params): Verdict<FileStateChange> {
  const { path, state, src } = params;
  const wanted = {
    owner: params.owner ?? actual?.owner ?? 'root',
    group: params.group ?? actual?.group ?? 'root',
    mode: params.mode ?? actual?.mode ?? (state === 'directory' ? '755' : '644'),
  };
  const base = { resource: path, type: state, ...wanted };
  if (state === 'absent') {
    return actual ? changed({ ...base, action: 'remove', detail: actual.type }) : inSync();
  }
  if (!actual) {
    if (state === 'file') return refused(`${path} does not exist`, 'create it with copy or template');
    const detail =
      state === 'link' ? `-> ${src ?? ''}` : `directory, ${wanted.mode} ${wanted.owner}:${wanted.group}`;
    return changed({ ...base, action: 'create', detail, ...(src === undefined ? {} : { target: src }) });
  }
  if (actual.type !== state) {
    return refused(
      `${path} is a ${actual.type}, not a ${state}`,
      'move it out of the way, or choose another path',
    );
  }
  if (state === 'link') {
    return actual.target === src
      ? inSync()
      : changed({ ...base, action: 'update', detail: `-> ${src ?? ''}`, target: src });
  }
  const detail = describeAttributes(actual, wanted);
  return detail === '' ? inSync() : changed({ ...base, action: 'update', detail });
}

function folderOf({ resource: path, owner, group, mode: bits }: FileStateChange): NewFolder {
  return { path, owner, group, mode: bits };
}

function script(change: FileStateChange): string {
  const path = quote(change.resource);
  switch (change.type) {
    case 'absent':
      return `if [ -d ${path} ] && [ ! -L ${path} ]; then rmdir -- ${path}; else rm -f -- ${path}; fi`;
    case 'link':
      return `ln -sfnT -- ${quote(change.target ?? '')} ${path}`;
    case 'directory':
      return writeFolder(folderOf(change));
    case 'file':
      return attributes(change, path);
  }
}
