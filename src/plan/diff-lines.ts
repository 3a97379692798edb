import { createTwoFilesPatch } from 'diff';
import type { Change } from './change.ts';

/** The differing lines of a change's texts, in unified form. */
export function diffLines({ before, after, resource }: Change): string[] {
  if (before === undefined || after === undefined || before === after) return [];
  if (before === '') return added(after);
  const patch = createTwoFilesPatch(resource, resource, before, after, '', '', { context: 2 });
  const lines = patch.split('\n');
  return lines.slice(lines.findIndex((line) => line.startsWith('@@'))).filter((line) => line !== '');
}

/** All lines of a new text. Comparing a thousand of them with nothing was a tenth of the controller's time. */
function added(text: string): string[] {
  const isWhole = text.endsWith('\n');
  const lines = (isWhole ? text.slice(0, -1) : text).split('\n');
  const end = isWhole ? [] : ['\\ No newline at end of file'];
  return [`@@ -0,0 +1,${lines.length} @@`, ...lines.map((line) => `+${line}`), ...end];
}
