import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problems } from '../src/config/files.ts';
import { rollingNames } from '../src/cluster/guide.ts';
import { loadPlaybook } from '../src/config/playbook/load.ts';
import { parseYaml } from '../src/config/yaml.ts';
import { scalarsOf, type Node } from '../src/core/node.ts';
import { modules } from '../src/modules/registry.ts';
import { isTemplate, parsedTemplates, templateOfScalar } from '../src/vars/template.ts';

/** What the playbooks that ship with drover, and the templates in them and beside them, are parsed to. */
export function shipped(): string {
  const yaml = Object.fromEntries(files().flatMap((path) => read(path)));
  for (const tree of Object.values(yaml)) {
    for (const scalar of scalarsOf(tree)) {
      if (typeof scalar.value === 'string' && isTemplate(scalar.value)) templateOfScalar(scalar);
    }
  }
  // Conditions and whole files are templates by what they are there for.
  for (const playbook of ['playbooks/site.yml', 'playbooks/upgrade.yml'])
    loadPlaybook(playbook, { modules, rolling: rollingNames }, new Problems());
  const template = Object.fromEntries(parsedTemplates());
  // Whoever reads it knows which file a position is in.
  return JSON.stringify({ yaml, template }, (name, value: unknown) => (name === 'file' ? undefined : value));
}

/** No variables that somebody has put beside them: those are no part of drover, and may be secret. */
function files(): string[] {
  return readdirSync('playbooks', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.yml') && !/(^|\/)(group|host)_vars\//.test(path))
    .map((path) => join('playbooks', path));
}

/** A file with mistakes is parsed when it is used: then they are told. */
function read(path: string): [string, Node][] {
  const text = readFileSync(path, 'utf8');
  const { root, diagnostics } = parseYaml({ path, text });
  return root && diagnostics.length === 0 ? [[text, root]] : [];
}
