import * as z from 'zod';
import { needContent, needDigest } from '../facts/content.ts';
import { linkRecords, needChangeTime, needPath, pathRecords, type PathFact } from '../facts/path.ts';
import {
  changed,
  changeFields,
  inSync,
  outdate,
  predict,
  refused,
  type Verdict,
  type Write,
} from '../plan/change.ts';
import { run, type Operation } from '../plan/operation.ts';
import { attributes, writeFolder, type NewFolder } from '../shell/files.ts';
import { quote } from '../shell/quote.ts';
import { describeAttributes, modeAfter } from './file-content.ts';

/** States a path can be brought to. */
export const fileStates = ['file', 'directory', 'link', 'absent'] as const;

/** What is to be at a path, its content aside. */
interface FileState {
  readonly path: string;
  readonly state: (typeof fileStates)[number];
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  readonly mode?: string | undefined;
  /** Target of a link. */
  readonly src?: string | undefined;
}

export const FileStateChange = z.strictObject({
  ...changeFields,
  type: z.enum(fileStates),
  owner: z.string(),
  group: z.string(),
  mode: z.string(),
  target: z.string().optional(),
});
export type FileStateChange = z.infer<typeof FileStateChange>;

/** What has to happen for the path to be in this state. */
export function diffState(actual: PathFact | undefined, wanted: FileState): Verdict<FileStateChange> {
  const { path, state, src } = wanted;
  const owner = wanted.owner ?? actual?.owner ?? 'root';
  const group = wanted.group ?? actual?.group ?? 'root';
  const kept = actual ? modeAfter(actual, { owner, group }) : state === 'directory' ? '755' : '644';
  const attributes = { owner, group, mode: wanted.mode ?? kept };
  const base = { resource: path, type: state, ...attributes };
  if (state === 'absent') {
    return actual ? changed({ ...base, action: 'remove', detail: actual.type }) : inSync();
  }
  if (!actual) {
    if (state === 'file') return refused(`${path} does not exist`, 'create it with copy or template');
    const detail =
      state === 'link'
        ? `-> ${src ?? ''}`
        : `directory, ${attributes.mode} ${attributes.owner}:${attributes.group}`;
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
  const detail = describeAttributes(actual, attributes);
  return detail === '' ? inSync() : changed({ ...base, action: 'update', detail });
}

// What is below a link, or a path that goes, is another afterwards.
export function applyState(change: FileStateChange): readonly Operation[] {
  return [
    run(script(change), {
      ...(change.type === 'directory' || change.type === 'file' ? { narrow: true } : {}),
      ...(change.type === 'directory' && change.action === 'create' ? { newFolder: folderOf(change) } : {}),
    }),
  ];
}

export function writesOfState(change: FileStateChange): readonly Write[] {
  const { resource: path, type, owner, group, mode, target } = change;
  const another = [needDigest(path), needContent(path)].map(outdate);
  const time = outdate(needChangeTime(path));
  switch (type) {
    case 'absent':
      return [predict(needPath(path), []), time, ...another];
    case 'link':
      return [predict(needPath(path), linkRecords(target ?? '')), time, ...another];
    case 'directory':
      return [predict(needPath(path), pathRecords({ type, mode, owner, group })), time];
    case 'file':
      return [outdate(needPath(path)), time];
  }
}

function folderOf({ resource: path, owner, group, mode }: FileStateChange): NewFolder {
  return { path, owner, group, mode };
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
