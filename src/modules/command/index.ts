import * as z from 'zod';
import { run } from '../../plan/operation.ts';
import { quote } from '../../shell/quote.ts';
import { splitWords } from '../../shell/words.ts';
import { CommandChange, commandNeeds, commandParams, commandScript, diffCommand } from '../command-task.ts';
import { defineModule } from '../define-module.ts';
import { directory } from '../presumptions.ts';

const Params = z
  .strictObject({
    ...commandParams,
    cmd: z
      .string()
      .optional()
      .describe(
        'The command line; words are split as a shell does. Variables of the environment and a `~` that begins a word are filled in, and nothing else.',
      ),
    argv: z.array(z.string()).optional().describe('The words of the command, instead of `cmd`.'),
  })
  .refine((params) => (params.cmd === undefined) !== (params.argv === undefined), {
    message: 'give the command as cmd or as argv',
    path: ['cmd'],
  })
  .refine((params) => params.cmd === undefined || splitWords(params.cmd) !== undefined, {
    message: 'a quote is not closed',
    path: ['cmd'],
  });

const words = ({ cmd, argv }: z.infer<typeof Params>): string[] => argv ?? splitWords(cmd ?? '') ?? [];

/** The words quoted, and as Ansible fills them in: what is not in the environment stays as it is, and so does the home of nobody. */
const lineOf = (params: z.infer<typeof Params>): string => words(params).map(quoteFilledIn).join(' ');

function quoteFilledIn(word: string): string {
  const [home = ''] = /^~[\w.-]*(?=\/|$)/.exec(word) ?? [];
  const parts = word.slice(home.length).split(/(\$\w+|\$\{\w+\})/);
  const filled = parts.map((part) => {
    const name = /^\$\{?([a-zA-Z_]\w*)\}?$/.exec(part)?.[1];
    if (name !== undefined) return `"$(printenv ${name} || printf %s ${quote(part)})"`;
    return part === '' ? '' : quote(part);
  });
  return home + filled.join('') || quote('');
}

export const command = defineModule({
  name: 'command',
  docs: {
    summary: 'Runs a command without a shell.',
    differences: [
      'It always plans as `run`, unless `creates` or `removes` is met.',
      'A command that is not there ends with rc 127 and counts as run, as in a shell.',
      'With `check_mode: false` and `changed_when: false` on the task it is a read, run while collecting.',
    ],
    example: `- command: pg_lsclusters --json
  register: clusters
  check_mode: false
  changed_when: false`,
  },
  params: Params,
  change: CommandChange,
  free: 'cmd',
  wide: true,
  needs: commandNeeds,
  diff: (facts, params) =>
    diffCommand(facts, params, params.cmd ?? words(params).join(' '), commandScript(params, lineOf(params))),
  presumes: ({ chdir }) => (chdir === undefined ? [] : directory(chdir)),
  apply: ({ script }) => [run(script)],
  writes: () => ['*'],
  aim: (params) => `run ${words(params).join(' ')}`,
  command: (params) => commandScript(params, lineOf(params)),
});
