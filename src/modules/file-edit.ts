import { inSync, refused, type Verdict } from '../plan/change.ts';
import type { ModuleContext } from './define-module.ts';
import { diffFile, type FileChange, type FileFacts, type WholeFile } from './file-content.ts';
import { pythonExpression } from './python-expression.ts';

interface Edit extends Omit<WholeFile, 'dest' | 'content'> {
  readonly path: string;
  readonly state: 'present' | 'absent';
  readonly create: boolean;
}

/** Compares a text file with what an edit makes of it. Nothing is to be taken out of one that is not there. */
export function diffEdit(
  facts: FileFacts,
  params: Edit,
  edit: (text: string) => string,
  context: ModuleContext,
): Verdict<FileChange> {
  const { path, state, create } = params;
  if (!facts.path && state === 'absent') return inSync();
  if (!facts.path && !create) return refused(`${path} does not exist`, 'create: true makes it');
  const refusal = refuseEdit(path, facts);
  if (refusal) return refusal;
  return diffFile(facts, { ...params, dest: path, content: edit(facts.before ?? '') }, context);
}

/** Why a file cannot be changed in part; undefined when it can. */
export function refuseEdit(
  path: string,
  facts: Pick<FileFacts, 'path' | 'before'>,
): ReturnType<typeof refused> | undefined {
  if (facts.path?.type === 'link')
    return refused(`${path} is a link to ${facts.path.target ?? ''}`, 'name the file that it leads to');
  if (facts.path?.type === 'file' && facts.before === undefined)
    return refused(`${path} cannot be read`, 'is it a text file (UTF-8) below 256 KB?');
  return undefined;
}

/** Where something new goes: after or before the last line that matches, or to an end of the file. */
export interface Place {
  readonly insertafter?: string | undefined;
  readonly insertbefore?: string | undefined;
}

/** A text's lines with their ends: the last may lack it. */
export function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Before which of the lines that is. */
export function placeIn(lines: readonly string[], { insertafter, insertbefore }: Place): number {
  if (insertbefore === 'BOF' || insertafter === 'BOF') return 0;
  const pattern = insertafter ?? insertbefore;
  if (pattern === undefined || pattern === 'EOF') return lines.length;
  const expression = pythonExpression(pattern);
  const match = lines.findLastIndex((line) => expression.test(line));
  if (match < 0) return lines.length;
  return insertafter === undefined ? match : match + 1;
}
