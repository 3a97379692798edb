import { createTwoFilesPatch } from 'diff';
import type { Change } from './change.ts';

/** The differing lines of a change's texts, in unified form. */
export function diffLines({ before, after, resource }: Change): string[] {
  if (before === undefined || after === undefined || before === after) return [];
  const patch = createTwoFilesPatch(resource, resource, before, after, '', '', { context: 2 });
  const lines = patch.split('\n');
  return lines.slice(lines.findIndex((line) => line.startsWith('@@'))).filter((line) => line !== '');
}
