import * as z from 'zod';
import { holdsSecret, mask, maskPlaceholders } from '../core/secrets.ts';
import { largestShownFile, needContent, needDigest } from '../facts/content.ts';
import type { Presumption } from '../facts/need.ts';
import { needChangeTime, needPath, pathRecords, type PathFact } from '../facts/path.ts';
import { changed, changeFields, inSync, predict, refused, type Verdict, type Write } from '../plan/change.ts';
import { run, type Operation } from '../plan/operation.ts';
import { restoreFile, writeFile } from '../shell/files.ts';
import type { ModuleContext } from './define-module.ts';
import { accounts, inDirectory } from './presumptions.ts';
import { accountName, filePath, mode } from './params.ts';

/** Parameters that every module which writes a whole file shares with Ansible's. */
export const fileParams = {
  dest: filePath.describe('The file on the host.'),
  owner: accountName.optional().describe('User it belongs to.'),
  group: accountName.optional().describe('Group it belongs to.'),
  mode: mode.optional().describe('Permissions in octal.'),
  validate: z
    .string()
    .includes('%s', { message: 'must name the file as %s' })
    .optional()
    .describe('Command that checks the new file, named `%s`, before it replaces the old one.'),
  backup: z.boolean().optional().describe('Keep the former file under its name with a time stamp.'),
};

/** A file to be in place with this content. */
export interface WholeFile {
  readonly dest: string;
  readonly content: string;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  readonly mode?: string | undefined;
  readonly validate?: string | undefined;
  readonly backup?: boolean | undefined;
  /** Write only if nothing is there yet. */
  readonly onlyIfMissing?: boolean;
}

export const FileChange = z.strictObject({
  ...changeFields,
  content: z.string(),
  owner: z.string(),
  group: z.string(),
  mode: z.string(),
  validate: z.string().optional(),
  backup: z.boolean().optional(),
});
export type FileChange = z.infer<typeof FileChange>;

export function needsOfFile(path: string, digest?: string) {
  return {
    path: needPath(path),
    digest: needDigest(path),
    before: needContent(path, digest),
  };
}

export interface FileFacts {
  readonly path: PathFact | undefined;
  readonly digest: string | undefined;
  readonly before: string | undefined;
}

/** What writing a file takes for granted. */
export function presumesOfFile(
  dest: string,
  { owner, group }: Pick<WholeFile, 'owner' | 'group'>,
): Presumption[] {
  return [...inDirectory(dest), ...accounts([owner], [group])];
}

/** What has to happen for the file to be there with content, owner and mode. */
export function diffFile(facts: FileFacts, file: WholeFile, context: ModuleContext): Verdict<FileChange> {
  const { path, digest, before } = facts;
  if (path?.type === 'directory') return refused(`${file.dest} is a directory`, 'name a file in it');
  if (path?.type === 'other') return refused(`${file.dest} is a device, socket or pipe`, 'name a file');
  const present = path?.type === 'file' ? path : undefined;
  if (path && file.onlyIfMissing) return inSync();
  if (path?.type === 'link' && digest === undefined)
    return refused(
      `${file.dest} is a link to ${path.target ?? ''}, which is no file`,
      'name a file in the folder that it leads to, or remove the link first',
    );
  const sameContent = present !== undefined && digest === context.digest(file.content);
  const kept = {
    owner: file.owner ?? present?.owner ?? 'root',
    group: file.group ?? present?.group ?? 'root',
  };
  const wanted = { ...kept, mode: file.mode ?? (present ? modeAfter(present, kept, !sameContent) : '644') };
  const attributes = present ? describeAttributes(present, wanted) : '';
  if (sameContent && attributes === '') return inSync();
  const detail = present
    ? [sameContent ? '' : 'content', attributes].filter((part) => part !== '').join(', ')
    : `${wanted.mode} ${wanted.owner}:${wanted.group}, ${countLines(file.content)}`;
  return changed({
    action: path ? 'update' : 'create',
    resource: file.dest,
    detail: path?.type === 'link' ? `${detail}, in place of a link` : detail,
    ...texts(before, file.content, present !== undefined, sameContent, context),
    content: file.content,
    ...wanted,
    ...(file.validate === undefined ? {} : { validate: file.validate }),
    ...(file.backup === undefined ? {} : { backup: file.backup }),
  });
}

export function applyFile(change: FileChange): readonly Operation[] {
  const { action, resource: path, content, owner, group, mode, validate, backup } = change;
  const isPlain = action === 'create' && validate === undefined && !backup;
  return [
    run(() => writeFile({ ...change, path }), {
      allOrNothing: true,
      ...(isPlain ? { newFile: { path, content, owner, group, mode } } : {}),
    }),
  ];
}

export function revertFile(
  { resource, action, content }: FileChange,
  context: ModuleContext,
): readonly Operation[] {
  return [run(restoreFile(resource, context.digest(content), action === 'create'))];
}

export function writesOfFile(change: FileChange, context: ModuleContext): readonly Write[] {
  const { resource: path, content, mode: bits, owner, group } = change;
  return [
    predict(needPath(path), pathRecords({ type: 'file', mode: bits, owner, group }, content === '')),
    predict(needDigest(path), [[context.digest(content)]]),
    predict(needContent(path), content.length <= largestShownFile ? [[context.encode(content)]] : []),
    predict(needChangeTime(path), [['Infinity']]),
  ];
}

/**
 * The mode that a file has once it was given to somebody, or has another content. Linux takes the set-id bits away then: who
 * has a program run as its owner has not vouched for another one.
 */
export function modeAfter(
  actual: PathFact,
  { owner, group }: Pick<PathFact, 'owner' | 'group'>,
  isRewritten = false,
): string {
  const bits = parseInt(actual.mode, 8);
  const isGiven = actual.owner !== owner || actual.group !== group;
  if (actual.type === 'directory' || !(isGiven || isRewritten)) return actual.mode;
  // Without the right to run it, the group's bit means another thing.
  return (bits & ~(0o4000 | (bits & 0o10 ? 0o2000 : 0))).toString(8);
}

/** How owner, group and mode differ, in one line; empty when they don't. */
export function describeAttributes(
  actual: Pick<PathFact, 'owner' | 'group' | 'mode'>,
  wanted: Pick<PathFact, 'owner' | 'group' | 'mode'>,
): string {
  return (['owner', 'group', 'mode'] as const)
    .filter((name) => actual[name] !== wanted[name])
    .map((name) => `${name} ${actual[name]} -> ${wanted[name]}`)
    .join(', ');
}

function countLines(content: string): string {
  const lines = content.split('\n').length - (content === '' || content.endsWith('\n') ? 1 : 0);
  return lines === 1 ? '1 line' : `${lines} lines`;
}

function texts(
  before: string | undefined,
  after: string,
  existed: boolean,
  same: boolean,
  context: ModuleContext,
) {
  if (same || (existed && before === undefined)) return {};
  const known = context.redact(before ?? '');
  return { before: holdsSecret(after) ? maskLike(known, after) : known, after: maskPlaceholders(after) };
}

const setting = /^(\s*(?:-\s*)?["']?[\w.-]+["']?\s*[:=]\s*)(.+)$/;

/**
 * A former text of a file that holds secrets, with every value masked whose key holds a secret in the new text or
 * sounds like one: the old file may hold passwords that this run does not know.
 */
function maskLike(before: string, after: string): string {
  const keyOf = (line: string) => setting.exec(line)?.[1]?.trim();
  const secret = new Set(after.split('\n').filter(holdsSecret).map(keyOf));
  return before
    .split('\n')
    .map((line) => {
      const [, key, value] = setting.exec(line) ?? [];
      if (key === undefined || value?.includes(mask)) return line;
      return secret.has(key.trim()) || /password|passwd|secret|token|credential/i.test(key)
        ? `${key}${mask}`
        : line;
    })
    .join('\n');
}
