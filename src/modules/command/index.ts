import * as z from 'zod';
import { run } from '../../plan/operation.ts';
import { quoteAll } from '../../shell/quote.ts';
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
      .describe('The command line; words are split as a shell does, and nothing is expanded.'),
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

export const command = defineModule({
  name: 'command',
  docs: {
    summary: 'Runs a command without a shell.',
    differences: [
      'It always plans as `run`, unless `creates` or `removes` is met.',
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
    diffCommand(
      facts,
      params,
      params.cmd ?? words(params).join(' '),
      commandScript(params, quoteAll(words(params))),
    ),
  presumes: ({ chdir }) => (chdir === undefined ? [] : directory(chdir)),
  apply: ({ script }) => [run(script)],
  writes: () => ['*'],
  aim: (params) => `run ${words(params).join(' ')}`,
  command: (params) => commandScript(params, quoteAll(words(params))),
});
