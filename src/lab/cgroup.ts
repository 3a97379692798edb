import { mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../core/until.ts';

/**
 * Makes the control groups of one host anew and returns their folders: one in each hierarchy that systemd keeps its
 * units in. Hosts that share one have one folder for the `ssh.service` of all: a systemd that tidies up takes it away
 * under another one's start, which fails with 219/CGROUP, and cannot end what it does not see.
 */
export async function makeCgroups(machine: string): Promise<string[]> {
  await removeCgroups(machine);
  const folders = foldersOf(machine);
  for (const folder of folders) mkdirSync(folder);
  return folders;
}

/** Takes the control groups of a host away; it has to be off. */
export async function removeCgroups(machine: string): Promise<void> {
  for (const folder of foldersOf(machine)) await removeTree(folder);
}

/** They lie at the top, as a container runtime's do, so that they are found whoever made them. */
function foldersOf(machine: string): string[] {
  const folders = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , type, options = '']) => type === 'cgroup2' || options.split(',').includes('name=systemd'))
    .map(([, folder = '']) => join(folder, machine));
  return [...new Set(folders)];
}

/** The files in a control group are the kernel's: its folders go, or nothing does. */
async function removeTree(folder: string): Promise<void> {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(folder, entry.name));
  let busy: unknown;
  const waited = await until(
    () => {
      try {
        rmdirSync(folder);
        return { done: true };
      } catch (error) {
        // A process that is gone from the list of processes leaves its group a moment later.
        if (codeOf(error) !== 'EBUSY') throw error;
        busy = error;
        return { missing: `${folder} is busy` };
      }
    },
    { within: 5, every: 10 },
  );
  if ('missing' in waited) throw busy;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
