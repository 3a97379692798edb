import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/** Path of a file that ships with drover, for example `playbooks/site.yml`. */
export function bundledFile(path: string): string {
  // The bundle is in dist/, the sources are in src/cli/.
  const here = import.meta.dirname;
  const roots = [join(here, '..'), join(here, '..', '..')];
  const root = roots.find((candidate) => existsSync(join(candidate, 'package.json'))) ?? here;
  return join(root, path);
}

/** A playbook's path relative to drover; undefined for a playbook of the user's. */
export function bundledName(playbook: string): string | undefined {
  const path = relative(bundledFile('.'), resolve(playbook));
  return path.startsWith('playbooks/') ? path : undefined;
}
