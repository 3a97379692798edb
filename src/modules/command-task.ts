import * as z from 'zod';
import { needPath, type PathFact } from '../facts/path.ts';
import { changed, changeFields, inSync, type Verdict } from '../plan/change.ts';
import { quote } from '../shell/quote.ts';
import { absolutePath } from './params.ts';

/** Parameters that command and shell share with Ansible's. */
export const commandParams = {
  chdir: absolutePath.optional().describe('Folder to run it in.'),
  creates: absolutePath.optional().describe('The command is not run when this path is there.'),
  removes: absolutePath.optional().describe('The command is not run when this path is not there.'),
  stdin: z.string().optional().describe('Its input, as it is: no newline is added.'),
};

export const CommandChange = z.strictObject({ ...changeFields, script: z.string() });
export type CommandChange = z.infer<typeof CommandChange>;

interface CommandTask {
  readonly chdir?: string | undefined;
  readonly creates?: string | undefined;
  readonly removes?: string | undefined;
  readonly stdin?: string | undefined;
}

export function commandNeeds({ creates, removes }: CommandTask) {
  return {
    creates: creates === undefined ? [] : [needPath(creates)],
    removes: removes === undefined ? [] : [needPath(removes)],
  };
}

/** Runs, unless `creates` is there or `removes` is not. */
export function diffCommand(
  facts: { creates: readonly (PathFact | undefined)[]; removes: readonly (PathFact | undefined)[] },
  task: CommandTask,
  shown: string,
  script: string,
): Verdict<CommandChange> {
  if (task.creates !== undefined && facts.creates[0]) return inSync();
  if (task.removes !== undefined && !facts.removes[0]) return inSync();
  return changed({ action: 'run', resource: shown.split('\n')[0] ?? shown, script });
}

/** The command in its folder and with its input. */
export function commandScript({ chdir, stdin }: CommandTask, command: string): string {
  const input = stdin === undefined ? '' : `printf %s ${quote(stdin)} | `;
  return `${chdir === undefined ? '' : `cd -- ${quote(chdir)} || exit\n`}${input}${command}`;
}
