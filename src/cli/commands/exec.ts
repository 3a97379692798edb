import { execOnHosts } from '../../actions/exec.ts';
import type { ExitCode } from '../../core/errors.ts';
import type { ConnectionFlags, InputFlags } from '../options.ts';
import { listHosts } from '../../output/hosts-text.ts';
import { connectionOf, forksOf, inputOf } from '../request.ts';

export async function exec(
  pattern: string,
  command: string[],
  flags: InputFlags & ConnectionFlags,
): Promise<ExitCode> {
  // Hosts that succeeded without output are summed up in one line.
  const silent: string[] = [];
  const exitCode = await execOnHosts({
    pattern,
    script: command.join(' '),
    input: inputOf(flags),
    connection: await connectionOf(flags),
    forks: forksOf(flags),
    become: flags.become ?? false,
    show({ host, status, stdout, stderr, error }) {
      if (flags.json) {
        process.stdout.write(
          `${JSON.stringify({ host, status, stdout, stderr, ...(error === undefined ? {} : { error }) })}\n`,
        );
        return;
      }
      if (status === 0 && stdout === '' && stderr === '') {
        silent.push(host);
        return;
      }
      const label = status === 0 ? '' : ` (exit ${status})`;
      process.stderr.write(error === undefined ? `${host}:${label}\n` : `unreachable: ${error}\n`);
      process.stdout.write(indent(stdout));
      process.stderr.write(indent(stderr));
    },
  });
  if (silent.length > 0) process.stderr.write(`${listHosts(silent)}: done, without output\n`);
  return exitCode;
}

function indent(text: string): string {
  const trimmed = text.replace(/\n+$/, '');
  return trimmed === '' ? '' : `${trimmed.replace(/^/gm, '  ')}\n`;
}
