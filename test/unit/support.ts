import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { shortPath } from '../../src/config/files.ts';
import { parseYaml } from '../../src/config/yaml.ts';
import type { Diagnostic } from '../../src/core/diagnostics.ts';
import type { Node, ScalarNode } from '../../src/core/node.ts';
import { formatPlace } from '../../src/core/source.ts';
import { Scope, type Variable } from '../../src/vars/scope.ts';
import { TemplateError } from '../../src/vars/template.ts';
import type { Value } from '../../src/vars/value.ts';

/** A folder with these files, for one test. */
export function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'drover-unit-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Diagnostics in one line each: `file:line:column message (on hosts) -> hint`, paths relative to the folder. */
export function told(diagnostics: readonly Diagnostic[], folder = '/nowhere'): string[] {
  return diagnostics.map(({ at, message, hint, hosts }) =>
    [
      ...(at ? [formatPlace(at)] : []),
      message,
      ...(hosts ? [`(on ${hosts.join(', ')})`] : []),
      ...(hint === undefined ? [] : ['->', hint]),
    ]
      .join(' ')
      .replaceAll(`${shortPath(folder)}/`, '')
      .replaceAll(`${folder}/`, '')
      .replaceAll(folder, '.'),
  );
}

/** The tree of a YAML text that has nothing wrong. */
export function nodeOf(text: string, path = 't.yml'): Node {
  const { root, diagnostics } = parseYaml({ path, text });
  expect(told(diagnostics)).toEqual([]);
  if (!root) throw new Error('the text is empty');
  return root;
}

/** The value of the first key of a YAML text. */
export function scalarOf(text: string): ScalarNode {
  const root = nodeOf(text);
  const node = root.kind === 'map' ? root.entries[0]?.value : root;
  if (node?.kind !== 'scalar') throw new Error('no scalar there');
  return node;
}

/** A scope of finished values. */
export function scopeOver(data: Readonly<Record<string, Value>>): Scope {
  return new Scope([
    new Map(Object.entries(data).map(([name, value]): [string, Variable] => [name, { value }])),
  ]);
}

/** What a template error says, in the form of `told`; fails when nothing is thrown. */
export function refusal(action: () => unknown): string {
  let result: unknown;
  try {
    result = action();
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return told([error.diagnostic]).join();
  }
  throw new Error(`nothing was refused: ${JSON.stringify(result)}`);
}
