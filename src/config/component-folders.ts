import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { didYouMean } from '../core/diagnostics.ts';
import { entryOf } from '../core/node.ts';
import type { SourceRange } from '../core/source.ts';
import { Problems, readYaml, shortPath } from './files.ts';

/**
 * The folders below this one from which its `site.yml` imports playbooks, each once, in the order of the imports: a
 * component of the cluster each. Errors in the file go to the problems; by default they are reported when it is played.
 */
export function componentFolders(home: string, problems = new Problems()): string[] {
  const site = join(resolve(home), 'site.yml');
  if (!existsSync(site)) return [];
  const root = readYaml(site, problems);
  if (root && root.kind !== 'list')
    problems.add({ message: 'a playbook is a list of plays', at: root.range });
  if (root?.kind !== 'list') return [];
  const folders = root.items.flatMap((item) => {
    const file = entryOf(item, 'import_playbook')?.value;
    if (file?.kind !== 'scalar' || typeof file.value !== 'string') return [];
    const folder = dirname(resolve(home, file.value));
    return dirname(folder) === resolve(home) ? [folder] : [];
  });
  return [...new Set(folders)];
}

/**
 * The files that an import in this folder names: `file.yml`, or with an asterisk in place of the folder, as in
 * `*\/file.yml`, the one of each component that has it. That none has it is a problem.
 */
export function importedFiles(folder: string, file: string, at: SourceRange, problems: Problems): string[] {
  if (!file.startsWith('*/')) return [resolve(folder, file)];
  const ofSite = new Problems();
  const components = componentFolders(folder, ofSite);
  ofSite.list.forEach((problem) => problems.add(problem));
  const name = file.slice(2);
  const paths = components.map((component) => join(component, name)).filter((path) => existsSync(path));
  // Beside a site.yml that cannot be read no file is looked for.
  if (paths.length === 0 && ofSite.list.length === 0) {
    const hint = hintForMissing(folder, name, components);
    problems.add({ message: `no component has a file ${name}`, at, hint });
  }
  return paths;
}

function hintForMissing(folder: string, name: string, components: readonly string[]): string {
  if (components.length === 0)
    return `components are the folders that ${shortPath(join(resolve(folder), 'site.yml'))} imports from: there are none`;
  const names = components.filter((path) => existsSync(path)).flatMap((path) => readdirSync(path));
  const { hint } = didYouMean(name, names);
  const searched = `looked in ${components.map(shortPath).join(', ')}`;
  return hint?.startsWith('did') ? `${hint} ${searched}` : searched;
}

/** The folder that holds the variables and templates for a folder of playbooks: the one above a component's, else itself. */
export function homeOf(folder: string): string {
  const above = dirname(resolve(folder));
  return componentFolders(above).includes(resolve(folder)) ? above : resolve(folder);
}
