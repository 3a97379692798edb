import { basename } from 'node:path/posix';
import * as z from 'zod';
import { pathOf, type TreeEntry } from '../../core/source.ts';
import { needPath } from '../../facts/path.ts';
import { changed, type Verdict } from '../../plan/change.ts';
import { defineModule } from '../define-module.ts';
import {
  applyFile,
  diffFile,
  FileChange,
  fileParams,
  needsOfFile,
  presumesOfFile,
  revertFile,
  writesOfFile,
} from '../file-content.ts';
import { applyState, diffState, FileStateChange, writesOfState } from '../file-state.ts';
import { anyPath, mode } from '../params.ts';
import { accounts, belowDirectory } from '../presumptions.ts';

const Params = z
  .strictObject({
    ...fileParams,
    dest: anyPath.describe(
      'The file on the host, or with a slash at its end the directory that it goes into, as for a folder.',
    ),
    mode: mode.optional().describe('Permissions in octal, of files.'),
    src: z
      .string()
      .optional()
      .describe(
        'A file or folder of the controller, relative to `files/` beside the playbooks or to the playbook’s folder. With a slash at its end, what is in the folder, else the folder.',
      ),
    content: z.string().optional().describe('The text, instead of `src`.'),
    force: z.boolean().default(true).describe('When false, a file that is there is left as it is.'),
    directory_mode: mode.optional().describe('Permissions in octal, of each directory that a folder brings.'),
    tree: z
      .custom<readonly TreeEntry[]>((value) => Array.isArray(value) && value.every(isEntry))
      .optional()
      .describe('Filled in by drover: what is in the folder.'),
  })
  .refine(({ content, tree }) => content !== undefined || tree !== undefined, {
    message: 'is missing; give it, or src',
    path: ['content'],
    // Told beside what else is wrong.
    when: () => true,
  })
  .refine(({ dest, src, tree }) => !dest.endsWith('/') || (src ?? tree) !== undefined, {
    message: 'ends with a slash: name the file',
    path: ['dest'],
  })
  .refine((params) => params.directory_mode === undefined || params.tree !== undefined, {
    message: 'directory_mode is for a folder',
  })
  .transform((params) => {
    const name = params.tree ? '' : basename(params.src ?? '');
    const { dest } = params;
    return { ...params, dest: dest.endsWith('/') ? `${dest}${name}`.replace(/(?<=.)\/+$/, '') : dest };
  });
type Params = z.output<typeof Params>;

/** A file that is made, or a folder. */
type Made = FileChange | FileStateChange;

export const copy = defineModule({
  name: 'copy',
  docs: {
    summary: 'Puts a file or a folder of the controller, or a given text, on the host.',
    differences: [
      'Files are text, and a folder holds at most 3,000 files and folders, and 16 MB.',
      'A symbolic link at `dest` is replaced by the file, unless it leads to a directory; that, and one in the place of a directory, is refused.',
      'Without `owner`, `group` and `mode` a new file is root’s and 0644; an existing one keeps its own.',
      'Of a folder, directories that are there keep owner and mode, and so does what is in them beside.',
      'A folder that is all new appears as a whole, or not at all.',
    ],
    example: `- copy:
    dest: /etc/motd
    content: "kept by drover\\n"
    mode: "0644"
- copy:
    src: pgbouncer/
    dest: /etc/pgbouncer
    owner: postgres
    mode: "0640"
    directory_mode: "0750"`,
  },
  params: Params,
  change: z.union([FileChange, FileStateChange]),
  file: { param: 'src', render: false, folder: true },
  needs: (params, context) => {
    const { folders, files } = targetsOf(params);
    const ofFiles = files.map(({ dest, content }) => needsOfFile(dest, context.digest(content)));
    return {
      folders: folders.map(needPath),
      paths: ofFiles.map(({ path }) => path),
      digests: ofFiles.map(({ digest }) => digest),
      befores: ofFiles.map(({ before }) => before),
    };
  },
  diff: (facts, params, context) => {
    const { owner, group, directory_mode: bits, force } = params;
    const { folders, files } = targetsOf(params);
    const verdicts: Verdict<Made>[] = [
      ...folders.map((path, index) => {
        const actual = facts.folders[index];
        const attributes = actual ? {} : { owner, group, mode: bits };
        return diffState(actual, { path, state: 'directory', ...attributes });
      }),
      ...files.map((file, index) =>
        diffFile(
          { path: facts.paths[index], digest: facts.digests[index], before: facts.befores[index] },
          { ...params, ...file, onlyIfMissing: !force },
          context,
        ),
      ),
    ];
    const refusal = verdicts.find(({ state }) => state === 'refused');
    return (
      refusal ??
      changed(...verdicts.flatMap((verdict) => (verdict.state === 'changes' ? verdict.changes : [])))
    );
  },
  presumes: ({ dest, tree, ...params }) =>
    tree
      ? [...belowDirectory(dest), ...accounts([params.owner], [params.group])]
      : presumesOfFile(dest, params),
  apply: (change) => (isFile(change) ? applyFile(change) : applyState(change)),
  revert: (change, context) => (isFile(change) ? revertFile(change, context) : []),
  writes: (change, context) => (isFile(change) ? writesOfFile(change, context) : writesOfState(change)),
  aim: ({ dest, tree }) => (tree ? `${dest} with the given files` : `${dest} with the given content`),
});

function isFile(change: Made): change is FileChange {
  return 'content' in change;
}

function isEntry(value: unknown): value is TreeEntry {
  const { path, content } = (value ?? {}) as { readonly path?: unknown; readonly content?: unknown };
  return typeof path === 'string' && (content === undefined || typeof content === 'string');
}

interface Targets {
  readonly folders: readonly string[];
  readonly files: readonly { readonly dest: string; readonly content: string }[];
}

/** The folders and files to be there: of a folder all that is in it, below `dest`. */
function targetsOf({ dest, content, tree }: Params): Targets {
  if (!tree) return { folders: [], files: [{ dest, content: content ?? '' }] };
  return {
    folders: [dest, ...tree.flatMap((entry) => (entry.content === undefined ? [pathOf(entry, dest)] : []))],
    files: tree.flatMap((entry) =>
      entry.content === undefined ? [] : [{ dest: pathOf(entry, dest), content: entry.content }],
    ),
  };
}
