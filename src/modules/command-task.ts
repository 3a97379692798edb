import * as z from 'zod';
import type { Need } from '../facts/need.ts';
import { needPath } from '../facts/path.ts';
import { needRead } from '../facts/script.ts';
import { changed, changeFields, inSync, type Verdict } from '../plan/change.ts';
import { quote } from '../shell/quote.ts';
import { absolutePath } from './params.ts';

/** Parameters that command and shell share with Ansible's. */
export const commandParams = {
  chdir: absolutePath.optional().describe('Folder to run it in.'),
  creates: absolutePath
    .optional()
    .describe('The command is not run when this path, or one that matches this pattern, is there.'),
  removes: absolutePath
    .optional()
    .describe('The command is not run when this path is not there, nor one that matches this pattern.'),
  stdin: z.string().optional().describe('Its input.'),
  stdin_add_newline: z.boolean().default(true).describe('End the input with a newline more.'),
};

export const CommandChange = z.strictObject({ ...changeFields, script: z.string() });
export type CommandChange = z.infer<typeof CommandChange>;

interface CommandTask {
  readonly chdir?: string | undefined;
  readonly creates?: string | undefined;
  readonly removes?: string | undefined;
  readonly stdin?: string | undefined;
  readonly stdin_add_newline?: boolean;
}

export function commandNeeds({ creates, removes }: CommandTask) {
  return {
    creates: creates === undefined ? [] : [needAny(creates)],
    removes: removes === undefined ? [] : [needAny(removes)],
  };
}

/** Whether something is at a path, or matches a pattern. What a pattern finds may be another after any change. */
function needAny(pattern: string): Need<boolean> {
  if (!/[*?[]/.test(pattern)) {
    const path = needPath(pattern);
    return { ...path, parse: (records) => path.parse(records) !== undefined };
  }
  const word = pattern.replace(/[^\w/.,:=@%+*?[\]!-]/gu, '\\$&');
  const found = needRead(
    `for p in ${word}; do [ ! -e "$p" ] && [ ! -L "$p" ] || { echo there; break; }; done`,
  );
  return { ...found, parse: (records) => found.parse(records).stdout !== '' };
}

/** Runs, unless `creates` is there or `removes` is not. */
export function diffCommand(
  facts: { creates: readonly boolean[]; removes: readonly boolean[] },
  task: CommandTask,
  shown: string,
  script: string,
): Verdict<CommandChange> {
  if (task.creates !== undefined && facts.creates[0]) return inSync();
  if (task.removes !== undefined && !facts.removes[0]) return inSync();
  return changed({ action: 'run', resource: shown.split('\n')[0] ?? shown, script: untilEnd(script) });
}

/** The command in its folder and with its input. */
export function commandScript({ chdir, stdin, stdin_add_newline }: CommandTask, command: string): string {
  const input =
    stdin === undefined ? '' : `printf %s ${quote(stdin_add_newline === false ? stdin : `${stdin}\n`)} | `;
  return `${chdir === undefined ? '' : `cd -- ${quote(chdir)} || exit\n`}${input}${command}`;
}

/**
 * Ends with the command: what that leaves running in the background writes into nobody's result, as in Ansible. Its
 * outputs pass through a pipe each, up to a line that stands for the end.
 */
function untilEnd(command: string): string {
  const pass = 'sed -e "/$drover_end\\$/{s///;/./!Q;q}"';
  return `read -r drover_end </proc/sys/kernel/random/uuid
{ drover_status=$( { {
{ (
${command}
) 3>&- 4>&- 5>&- 6>&- && s=0 || s=$?
echo "$drover_end"; echo "$drover_end" >&2; echo $s >&5; } 2>&6 | ${pass} >&3
} 6>&1 | ${pass} >&4; } 5>&1 ); } 3>&1 4>&2
(exit "$drover_status")`;
}
