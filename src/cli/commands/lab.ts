import { spawn } from 'node:child_process';
import type { DebianRelease } from '../../components/component.ts';
import { exitCodes, UsageError, type ExitCode } from '../../core/errors.ts';
import { Lab } from '../../lab/lab.ts';
import { readSaves, removeSave } from '../../lab/save.ts';
import { bundledFile } from '../bundled.ts';
import { print, printJson, say } from '../print.ts';

interface LabFlags {
  readonly name: string;
}

interface UpFlags extends LabFlags {
  readonly from?: string;
  readonly release: DebianRelease;
  readonly installed?: boolean;
  readonly fromSave?: string;
}

export async function up({ name: labName, from, fromSave, ...options }: UpFlags): Promise<ExitCode> {
  const lab = new Lab(labName, say);
  const hosts =
    fromSave === undefined
      ? await lab.up(from ?? bundledFile('inventory/three-node.yml'), options)
      : await lab.upFrom(fromSave);
  for (const { name, address } of hosts) say(`${name.padEnd(16)} ${address}`);
  say(`use it with: -i ${lab.inventory}`);
  return exitCodes.ok;
}

export async function down(flags: LabFlags): Promise<ExitCode> {
  await new Lab(flags.name).down();
  return exitCodes.ok;
}

export async function save(name: string, flags: LabFlags): Promise<ExitCode> {
  await new Lab(flags.name).save(name);
  return exitCodes.ok;
}

export function saves(flags: { json?: boolean }): Promise<ExitCode> {
  const list = readSaves().map(({ name, lab, made }) => ({ name, lab, made: made.toISOString() }));
  if (flags.json) printJson(list);
  else for (const { name, lab, made } of list) print(`${name.padEnd(24)} ${lab.padEnd(8)} ${made}`);
  return Promise.resolve(exitCodes.ok);
}

export function forget(name: string): Promise<ExitCode> {
  if (!removeSave(name))
    throw new UsageError(`there is no save "${name}"`, { hint: 'drover lab saves lists them' });
  return Promise.resolve(exitCodes.ok);
}

export async function status(flags: LabFlags & { json?: boolean }): Promise<ExitCode> {
  const hosts = await new Lab(flags.name).status();
  if (flags.json) printJson(hosts);
  else
    for (const { name, address, state } of hosts) print(`${name.padEnd(16)} ${address.padEnd(16)} ${state}`);
  return exitCodes.ok;
}

export async function ssh(host: string, command: string[], flags: LabFlags): Promise<ExitCode> {
  const [program = 'ssh', ...args] = new Lab(flags.name).sshCommand(host, command);
  const child = spawn(program, args, { stdio: 'inherit' });
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => resolve(status ?? 255));
  });
  // The command's own exit code is passed on, as ssh does.
  return code as ExitCode;
}

export function fault(kind: 'kill' | 'stop' | 'start' | 'pause' | 'heal') {
  return async (host: string, flags: LabFlags): Promise<ExitCode> => {
    await new Lab(flags.name)[kind](host);
    return exitCodes.ok;
  };
}

export async function partition(host: string, flags: LabFlags & { from?: string[] }): Promise<ExitCode> {
  await new Lab(flags.name).partition(host, flags.from);
  return exitCodes.ok;
}
