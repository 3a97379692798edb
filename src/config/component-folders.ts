import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { entryOf } from '../core/node.ts';
import { Problems, readYaml } from './files.ts';

/**
 * The folders below this one from which its `site.yml` imports playbooks, each once, in the order of the imports: a
 * component of the cluster each. Errors in the file are reported when it is played.
 */
export function componentFolders(home: string): string[] {
  const site = join(resolve(home), 'site.yml');
  if (!existsSync(site)) return [];
  const root = readYaml(site, new Problems());
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
 * `*\/file.yml`, the one of each component that has it.
 */
export function importedFiles(folder: string, file: string): string[] {
  if (!file.startsWith('*/')) return [resolve(folder, file)];
  return componentFolders(folder)
    .map((component) => join(component, file.slice(2)))
    .filter((path) => existsSync(path));
}

/** The folder that holds the variables and templates for a folder of playbooks: the one above a component's, else itself. */
export function homeOf(folder: string): string {
  const above = dirname(resolve(folder));
  return componentFolders(above).includes(resolve(folder)) ? above : resolve(folder);
}
