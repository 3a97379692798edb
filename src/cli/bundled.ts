import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/** A file that comes with drover: `playbooks/site.yml`. */
export function bundledFile(path: string): string {
  // The bundle lies in dist/, the sources in src/cli/.
  const here = import.meta.dirname;
  const roots = [join(here, '..'), join(here, '..', '..')];
  const root = roots.find((candidate) => existsSync(join(candidate, 'package.json'))) ?? here;
  return join(root, path);
}

/** Where a playbook is within drover; undefined for one of the user's. */
export function bundledName(playbook: string): string | undefined {
  const path = relative(bundledFile('.'), resolve(playbook));
  return path.startsWith('playbooks/') ? path : undefined;
}
