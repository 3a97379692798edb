import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { problemKey, type Diagnostic } from '../core/diagnostics.ts';
import type { Node } from '../core/node.ts';
import type { SourceFile } from '../core/source.ts';
import { whyNot } from '../core/system-error.ts';
import { decodeText } from '../core/text.ts';
import { isEndless } from '../core/trusted-file.ts';
import { parseYaml } from './yaml.ts';

/** Collects the problems of all files, so that they are reported together. */
export class Problems {
  readonly list: Diagnostic[] = [];

  /** Adds a problem, once: the same one may be found several times. */
  add(diagnostic: Diagnostic): void {
    if (!this.list.some((known) => isSame(known, diagnostic))) this.list.push(diagnostic);
  }
}

function isSame(one: Diagnostic, other: Diagnostic): boolean {
  return problemKey(one) === problemKey(other) && String(one.hosts) === String(other.hosts);
}

/** A path as a person at this working directory would write it; a folder's keeps its last slash. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  if (short === '' || short.startsWith('../..')) return path;
  return path.endsWith('/') ? `${short}/` : short;
}

/** Reads a text file; undefined and a problem when it can't be read. */
export function readSource(path: string, problems: Problems): SourceFile | undefined {
  try {
    if (isEndless(path)) {
      problems.add({ message: `${shortPath(path)}: it is a device` });
      return undefined;
    }
    const text = decodeText(readFileSync(path));
    if (text !== undefined) return { path: shortPath(path), text };
    problems.add({ message: `${shortPath(path)}: it is not text in UTF-8`, hint: 'drover takes text only' });
    return undefined;
  } catch (error) {
    problems.add({ message: `${shortPath(path)}: ${whyNot(error)}` });
    return undefined;
  }
}

/** Reads a YAML file; undefined when it is empty, or broken (then with problems). */
export function readYaml(path: string, problems: Problems): Node | undefined {
  const file = readSource(path, problems);
  if (!file) return undefined;
  const { root, diagnostics } = parseYaml(file);
  diagnostics.forEach((diagnostic) => problems.add(diagnostic));
  return root;
}
