import { spawn } from 'node:child_process';
import { exitCodes, type ExitCode } from '../../core/errors.ts';
import { Lab } from '../../lab/lab.ts';
import { bundledFile } from '../bundled.ts';

interface LabFlags {
  readonly name: string;
}

const say = (message: string) => process.stderr.write(`${message}\n`);

export async function up(flags: LabFlags & { from?: string }): Promise<ExitCode> {
  const lab = new Lab(flags.name, say);
  const hosts = await lab.up(flags.from ?? bundledFile('inventory/three-node.yml'));
  for (const { name, address } of hosts) say(`${name.padEnd(16)} ${address}`);
  say(`use it with: -i ${lab.inventory}`);
  return exitCodes.ok;
}

export async function down(flags: LabFlags): Promise<ExitCode> {
  await new Lab(flags.name).down();
  return exitCodes.ok;
}

export async function status(flags: LabFlags & { json?: boolean }): Promise<ExitCode> {
  const hosts = await new Lab(flags.name).status();
  if (flags.json) process.stdout.write(`${JSON.stringify(hosts)}\n`);
  else
    for (const { name, address, state } of hosts)
      process.stdout.write(`${name.padEnd(16)} ${address.padEnd(16)} ${state}\n`);
  return exitCodes.ok;
}

export async function ssh(host: string, command: string[], flags: LabFlags): Promise<ExitCode> {
  const [program = 'ssh', ...args] = new Lab(flags.name).sshCommand(host, command);
  const child = spawn(program, args, { stdio: 'inherit' });
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => resolve(status ?? 255));
  });
  // The command's own exit code goes through, as with ssh.
  return code as ExitCode;
}

export function fault(kind: 'kill' | 'stop' | 'start' | 'pause' | 'partition' | 'heal') {
  return async (host: string, flags: LabFlags): Promise<ExitCode> => {
    await new Lab(flags.name)[kind](host);
    return exitCodes.ok;
  };
}
