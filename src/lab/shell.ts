import { execa } from 'execa';
import { TaskFailedError } from '../core/errors.ts';

/** Runs a program of this machine and returns what it printed; throws with its own words when it fails. */
export async function run(program: string, args: readonly string[], input?: string): Promise<string> {
  const result = await execa(program, args, { reject: false, ...(input === undefined ? {} : { input }) });
  if (result.failed) {
    const said = result.stderr.trim().split('\n').slice(-5).join('\n') || result.shortMessage;
    throw new TaskFailedError(`${program} ${args.join(' ')}: ${said ?? ''}`);
  }
  return result.stdout;
}

/** Whether the program succeeds. */
export async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  const result = await execa(program, args, { reject: false, stdio: 'ignore' });
  return !result.failed;
}
