import { readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { SourceFolder, TreeEntry } from '../core/source.ts';
import { readSource, shortPath, type Problems } from './files.ts';

/** The most text a folder may hold, in bytes: it is sent to each host in one message. */
const largestFolder = 16 * 1024 * 1024;

/** Files and folders that it may hold: each is a line of the plan. */
const mostEntries = 3000;

/** Ends the reading of a folder that holds too much. */
class TooMuch extends Error {}

/**
 * Reads all that is in a folder, links followed. As for Ansible's copy, its name is part of the paths unless it is given
 * with a slash at the end. undefined and problems when something in it can't be brought.
 */
export function readFolder(path: string, problems: Problems): SourceFolder | undefined {
  const reader = new FolderReader(problems);
  try {
    if (path.endsWith('/')) reader.read(path, '', []);
    else {
      reader.tree.push({ path: basename(path) });
      reader.read(path, `${basename(path)}/`, []);
    }
    return reader.isWhole ? { tree: reader.tree } : undefined;
  } catch (error) {
    // The folder cannot be read, or no longer exists.
    if (!(error instanceof TooMuch || (error instanceof Error && 'code' in error))) throw error;
    const hint = error instanceof TooMuch ? { hint: 'bring that much as a package' } : {};
    problems.add({ message: `${shortPath(path)}: ${error.message}`, ...hint });
    return undefined;
  }
}

class FolderReader {
  readonly tree: TreeEntry[] = [];
  isWhole = true;
  readonly #problems: Problems;
  #entries = 0;
  #bytes = 0;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  /** `below` is what its paths begin with; `above` are the real paths of the folders that it is in. */
  read(folder: string, below: string, above: readonly string[]): void {
    const inside = [...above, realpathSync(folder)];
    const entries = readdirSync(folder, { withFileTypes: true });
    for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      if (++this.#entries > mostEntries)
        throw new TooMuch(`it holds more than ${mostEntries} files and folders`);
      const from = join(folder, entry.name);
      const path = `${below}${entry.name}`;
      const type = entry.isSymbolicLink() ? statSync(from, { throwIfNoEntry: false }) : entry;
      if (/[\0-\x1f\x7f]/.test(entry.name))
        this.#refuse(from, 'its name holds a control character', 'rename it');
      else if (!type) this.#refuse(from, 'it is a link that leads nowhere', 'remove it, or fix it');
      else if (type.isFile()) this.#readFile(from, path);
      else if (!type.isDirectory())
        this.#refuse(from, 'it is neither a file nor a folder', 'take it out of the folder');
      else if (inside.includes(realpathSync(from)))
        this.#refuse(from, 'it leads back to a folder that it is in', 'remove the link');
      else {
        this.tree.push({ path });
        this.read(from, `${path}/`, inside);
      }
    }
  }

  #readFile(from: string, path: string): void {
    const source = readSource(from, this.#problems);
    if (!source) {
      this.isWhole = false;
      return;
    }
    this.tree.push({ path, content: source.text });
    this.#bytes += Buffer.byteLength(source.text);
    if (this.#bytes > largestFolder)
      throw new TooMuch(`it holds more than ${largestFolder >> 20} MB of text`);
  }

  #refuse(path: string, reason: string, hint: string): void {
    this.isWhole = false;
    this.#problems.add({ message: `${shortPath(path)}: ${reason}`, hint });
  }
}
