import { readFacts } from '../../actions/facts.ts';
import type { ExitCode } from '../../core/errors.ts';
import type { ConnectionFlags, InputFlags } from '../options.ts';
import { connectionOf, forksOf, inputOf } from '../request.ts';

export async function facts(pattern: string, flags: InputFlags & ConnectionFlags): Promise<ExitCode> {
  const { exitCode, hosts } = await readFacts({
    pattern,
    input: inputOf(flags),
    connection: await connectionOf(flags),
    forks: forksOf(flags),
    unreachable: (message) => process.stderr.write(`${message}\n`),
  });
  process.stdout.write(`${JSON.stringify(hosts, null, 2)}\n`);
  return exitCode;
}
