import { readFacts } from '../../actions/facts.ts';
import type { ExitCode } from '../../core/errors.ts';
import type { InputFlags, LoginFlags } from '../options.ts';
import { printJson, say } from '../print.ts';
import { connectionOf, forksOf, inputOf } from '../request.ts';

export async function facts(pattern: string, flags: InputFlags & LoginFlags): Promise<ExitCode> {
  const { exitCode, hosts } = await readFacts({
    pattern,
    input: await inputOf(flags),
    connection: await connectionOf(flags),
    forks: forksOf(flags),
    unreachable: say,
  });
  printJson(hosts, 2);
  return exitCode;
}
