import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { problemKey, type Diagnostic } from '../core/diagnostics.ts';
import { scalarsOf, type Node } from '../core/node.ts';
import type { SourceFile } from '../core/source.ts';
import { whyNot } from '../core/system-error.ts';
import { decodeText } from '../core/text.ts';
import { isEndless } from '../core/trusted-file.ts';
import { isVaulted, VaultError, vaultHint, VaultKeys } from './vault.ts';
import { parseYaml } from './yaml.ts';

/** Collects the problems of all files, so that they are reported together, and holds what opens the encrypted ones. */
export class Problems {
  readonly list: Diagnostic[] = [];
  readonly keys: VaultKeys;

  constructor(keys = new VaultKeys()) {
    this.keys = keys;
  }

  /** Adds a problem, once: the same one may be found several times. */
  add(problem: Diagnostic): void {
    const { message, hint } = problem;
    const mask = (text: string) => this.keys.mask(text);
    const diagnostic = {
      ...problem,
      message: mask(message),
      ...(hint === undefined ? {} : { hint: mask(hint) }),
    };
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
    if (text !== undefined) return openSource({ path: shortPath(path), text }, problems);
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
  const { root, diagnostics } = parseSource(file, problems);
  diagnostics.forEach((diagnostic) => problems.add(diagnostic));
  return root;
}

/** Parses a file as YAML, encrypted values included. What was encrypted is hidden from then on. */
export function parseSource(file: SourceFile, { keys }: Problems): ReturnType<typeof parseYaml> {
  const parsed = parseYaml(file, keys);
  if (file.secret && parsed.root) for (const { text } of scalarsOf(parsed.root)) keys.hideValue(text);
  return parsed;
}

/** A file as it is, or decrypted if ansible-vault has encrypted it. */
function openSource(file: SourceFile, problems: Problems): SourceFile | undefined {
  if (!isVaulted(file.text)) return file;
  try {
    const text = problems.keys.open(file.text);
    text.split('\n').forEach((line) => problems.keys.hide(line.trim()));
    return { ...file, text, secret: true };
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    problems.add({ message: `${file.path}: ${error.message}`, hint: vaultHint });
    return undefined;
  }
}
