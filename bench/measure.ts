import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A program to be measured. */
export interface Command {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What one run of a program took. */
export interface Sample {
  readonly seconds: number;
  /** Of the program and all that it started and waited for, in seconds. */
  readonly cpu: number;
  /** The largest process at its largest, in MB. */
  readonly memory: number;
  /** Over the network, in both directions. */
  readonly kilobytes: number;
  readonly stdout: string;
}

/** Runs a program once; throws with what it said when it fails. */
export async function measure({ args, env = {} }: Command, bytesSoFar: () => number): Promise<Sample> {
  const folder = mkdtempSync(join(tmpdir(), 'drover-measure-'));
  const file = (name: string) => join(folder, name);
  // To a file: what a program leaves running in the background would keep a pipe open.
  const output = openSync(file('stdout'), 'w');
  const errors = openSync(file('stderr'), 'w');
  const bytes = bytesSoFar();
  const start = performance.now();
  try {
    const exitCode = await run(['/usr/bin/time', '-o', file('time'), '-f', '%U %S %M', ...args], env, [
      output,
      errors,
    ]);
    const seconds = (performance.now() - start) / 1000;
    const kilobytes = (bytesSoFar() - bytes) / 1000;
    const stdout = readFileSync(file('stdout'), 'utf8');
    if (exitCode !== 0) {
      const said = `${stdout.slice(-3000)}\n${readFileSync(file('stderr'), 'utf8').slice(-3000)}`;
      throw new Error(`exit ${exitCode}: ${args.join(' ').slice(0, 500)}\n${said}`);
    }
    const [user = 0, system = 0, memory = 0] = readFileSync(file('time'), 'utf8')
      .trim()
      .split(' ')
      .map(Number);
    return { seconds, cpu: user + system, memory: memory / 1000, kilobytes, stdout };
  } finally {
    closeSync(output);
    closeSync(errors);
    rmSync(folder, { recursive: true });
  }
}

function run(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  [stdout, stderr]: readonly [number, number],
): Promise<number> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', stdout, stderr] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? -1));
  });
}
