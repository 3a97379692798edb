import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { UsageError } from '../core/errors.ts';
import { build, cacheFolder, identityOf } from './image.ts';
import type { LabNames } from './names.ts';
import { layersOf, overlayIn } from './overlay.ts';
import { run } from './shell.ts';

/** Disks, keys, inventory and passwords of a lab's hosts at one moment. Their addresses are the lab's own. */
export interface Save {
  readonly name: string;
  readonly lab: string;
  readonly made: Date;
  /** The layers that the disks lie on, lowest first. */
  readonly layers: readonly string[];
  readonly folder: string;
}

const savesFolder = join(cacheFolder, 'saves');

const Contents = z.object({
  lab: z.string(),
  layers: z.array(z.object({ path: z.string(), identity: z.string() })),
});

/** All saves that can be brought up, by name. One whose layers were made anew is none. */
export function readSaves(): Save[] {
  if (!existsSync(savesFolder)) return [];
  return readdirSync(savesFolder)
    .sort()
    .flatMap((name) => {
      const save = readSave(name);
      return save ? [save] : [];
    });
}

function readSave(name: string): Save | undefined {
  const folder = join(savesFolder, name);
  const file = join(folder, 'save.json');
  if (!existsSync(file)) return undefined;
  const { lab, layers } = Contents.parse(JSON.parse(readFileSync(file, 'utf8')));
  if (layers.some(({ path, identity }) => identityOf(path) !== identity)) return undefined;
  return { name, lab, folder, made: statSync(file).mtime, layers: layers.map(({ path }) => path) };
}

/** Keeps what lies in a lab's folders; nothing may write to them meanwhile. */
export async function writeSave(name: string, names: LabNames): Promise<void> {
  requireName(name);
  const hosts = readdirSync(names.dataFolder);
  const layers = layersOf(join(names.dataFolder, hosts[0] ?? ''));
  mkdirSync(savesFolder, { recursive: true, mode: 0o700 });
  await build(join(savesFolder, name), async (folder) => {
    await copy(names.runFolder, join(folder, 'run'));
    for (const file of readdirSync(join(folder, 'run')))
      if (file.endsWith('.console')) rmSync(join(folder, 'run', file));
    mkdirSync(join(folder, 'disks'));
    await Promise.all(
      hosts.map((host) => copy(overlayIn(join(names.dataFolder, host)).upper, join(folder, 'disks', host))),
    );
    const contents: z.infer<typeof Contents> = {
      lab: names.lab,
      layers: layers.map((path) => ({ path, identity: identityOf(path) })),
    };
    writeFileSync(join(folder, 'save.json'), JSON.stringify(contents));
  });
}

/** Puts a save's files where those of a lab lie. */
export async function unpackSave({ folder }: Save, names: LabNames): Promise<void> {
  mkdirSync(dirname(names.runFolder), { recursive: true, mode: 0o700 });
  await copy(join(folder, 'run'), names.runFolder);
  const disks = join(folder, 'disks');
  await Promise.all(
    readdirSync(disks).map(async (host) => {
      mkdirSync(join(names.dataFolder, host), { recursive: true, mode: 0o700 });
      await copy(join(disks, host), overlayIn(join(names.dataFolder, host)).upper);
    }),
  );
}

/** The save of a name; throws when there is none. */
export function findSave(name: string): Save {
  const save = readSaves().find((one) => one.name === name);
  if (save) return save;
  throw new UsageError(`there is no save "${name}"`, {
    hint: existsSync(join(savesFolder, name))
      ? 'the packages below it have been renewed since: save anew'
      : 'drover lab saves lists them',
  });
}

/** Removes a save, and says whether there was one. */
export function removeSave(name: string): boolean {
  requireName(name);
  const folder = join(savesFolder, name);
  if (!existsSync(folder)) return false;
  rmSync(folder, { recursive: true });
  return true;
}

function requireName(name: string): void {
  if (/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)) return;
  throw new UsageError(`"${name}" is no name for a save`, {
    hint: 'up to 64 small letters, digits, dots, dashes and underscores',
  });
}

/** With owners, times, links, holes and overlayfs's own attributes. */
async function copy(from: string, to: string): Promise<void> {
  await run('cp', ['-a', '--reflink=auto', '--sparse=auto', from, to]);
}
