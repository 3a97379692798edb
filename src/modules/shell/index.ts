import * as z from 'zod';
import { run } from '../../plan/operation.ts';
import { quote } from '../../shell/quote.ts';
import { CommandChange, commandNeeds, commandParams, commandScript, diffCommand } from '../command-task.ts';
import { defineModule } from '../define-module.ts';
import { absolutePath } from '../params.ts';
import { directory } from '../presumptions.ts';

const Params = z.strictObject({
  ...commandParams,
  cmd: z.string().describe('The command line.'),
  executable: absolutePath.optional().describe('Another shell than /bin/sh.'),
});

const scriptOf = (params: z.infer<typeof Params>): string => {
  const { cmd, executable } = params;
  return commandScript(
    params,
    // The step around it ends at the first failure; a command line does not, here as in Ansible.
    executable === undefined ? `(set +e\n${cmd}\n)` : `${quote(executable)} -c ${quote(cmd)}`,
  );
};

export const shell = defineModule({
  name: 'shell',
  docs: {
    summary: 'Runs a command line through a shell.',
    differences: [
      'It always plans as `run`, unless `creates` or `removes` is met.',
      'With `check_mode: false` and `changed_when: false` on the task it is a read, run while collecting.',
      'With `executable` the text of the command is visible in the host’s process list.',
    ],
    example: `- shell: pg_lsclusters | grep -c online
  register: online
  check_mode: false
  changed_when: false`,
  },
  params: Params,
  change: CommandChange,
  free: 'cmd',
  wide: true,
  needs: commandNeeds,
  diff: (facts, params) => diffCommand(facts, params, params.cmd, scriptOf(params)),
  presumes: ({ chdir }) => (chdir === undefined ? [] : directory(chdir)),
  apply: ({ script }) => [run(script)],
  writes: () => ['*'],
  aim: ({ cmd }) => `run ${cmd.split('\n')[0] ?? cmd}`,
  command: scriptOf,
});
