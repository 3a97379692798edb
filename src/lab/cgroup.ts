import { mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes the control groups of one host anew and returns their folders: one in each hierarchy that systemd keeps its
 * units in. Hosts that share one have one folder for the `ssh.service` of all: a systemd that tidies up takes it away
 * under another one's start, which fails with 219/CGROUP, and cannot end what it does not see.
 */
export function makeCgroups(machine: string): string[] {
  removeCgroups(machine);
  const folders = foldersOf(machine);
  for (const folder of folders) mkdirSync(folder);
  return folders;
}

/** Takes the control groups of a host away; it has to be off. */
export function removeCgroups(machine: string): void {
  foldersOf(machine).forEach(removeTree);
}

/** They lie at the top, as a container runtime's do, so that they are found whoever made them. */
function foldersOf(machine: string): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , type, options = '']) => type === 'cgroup2' || options.split(',').includes('name=systemd'))
    .map(([, folder = '']) => join(folder, machine));
}

/** The files in a control group are the kernel's: its folders go, or nothing does. */
function removeTree(folder: string): void {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  for (const entry of entries) if (entry.isDirectory()) removeTree(join(folder, entry.name));
  rmdirSync(folder);
}
