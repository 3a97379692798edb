import { execOnHosts } from '../../actions/exec.ts';
import type { ExitCode } from '../../core/errors.ts';
import type { BecomeFlags, InputFlags, LoginFlags, OutputFlags } from '../options.ts';
import { listHosts } from '../../output/hosts-text.ts';
import { largestOutput } from '../../transport/session.ts';
import { printJson, say, writeText } from '../print.ts';
import { connectionOf, forksOf, inputOf } from '../request.ts';

export async function exec(
  pattern: string,
  command: string[],
  flags: InputFlags & LoginFlags & BecomeFlags & Pick<OutputFlags, 'json'>,
): Promise<ExitCode> {
  // Hosts that succeeded without output are summed up in one line.
  const silent: string[] = [];
  const exitCode = await execOnHosts({
    pattern,
    script: command.join(' '),
    input: await inputOf(flags),
    connection: await connectionOf(flags),
    forks: forksOf(flags),
    become: flags.become ?? false,
    show({ host, status, stdout, stderr, isCut, error }) {
      if (flags.json) {
        printJson({
          host,
          status,
          stdout,
          stderr,
          ...(isCut && { isCut }),
          ...(error === undefined ? {} : { error }),
        });
        return;
      }
      if (status === 0 && stdout === '' && stderr === '') {
        silent.push(host);
        return;
      }
      const label = status === 0 ? '' : ` (exit ${status})`;
      say(error === undefined ? `${host}:${label}` : `unreachable: ${error}`);
      writeText(process.stdout, indent(stdout));
      writeText(process.stderr, indent(stderr));
      if (isCut) say(`${host}: printed more than ${largestOutput >> 20} MB; the rest was dropped`);
    },
  });
  if (silent.length > 0) say(`${listHosts(silent)}: done, without output`);
  return exitCode;
}

function indent(text: string): string {
  const trimmed = text.replace(/\n+$/, '');
  return trimmed === '' ? '' : `${trimmed.replace(/^/gm, '  ')}\n`;
}
