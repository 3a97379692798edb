import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

interface InitRequest {
  readonly folder: string;
  /** Path of a file that ships with drover. */
  readonly bundled: (path: string) => string;
}

/** What has become of a file of the project. */
interface ProjectFile {
  readonly path: string;
  readonly state: 'made' | 'kept' | 'updated';
}

/** The user's from then on, by the names they get: npm leaves no .gitignore in a tarball. */
const templates: Readonly<Record<string, string>> = {
  'inventory.yml': 'project/inventory.yml',
  'drover.yml': 'project/drover.yml',
  'README.md': 'project/README.md',
  '.gitignore': 'project/gitignore',
};

/** drover's own, which follow its version. */
const schemas: Readonly<Record<string, string>> = {
  '.drover/inventory.schema.json': 'docs/inventory.schema.json',
  '.drover/playbook.schema.json': 'docs/playbook.schema.json',
  '.drover/drover.schema.json': 'docs/drover.schema.json',
};

/** Makes a folder for a cluster. In one that is there, it makes what is missing and brings the schemas up to date. */
export function init({ folder, bundled }: InitRequest): ProjectFile[] {
  const read = (path: string) => readFileSync(bundled(path), 'utf8');
  const own = Object.entries(templates).map(([name, source]): ProjectFile => {
    const path = join(folder, name);
    if (existsSync(path)) return { path, state: 'kept' };
    write(path, name === 'inventory.yml' ? withName(read(source), basename(resolve(folder))) : read(source));
    return { path, state: 'made' };
  });
  const theirs = Object.entries(schemas).flatMap(([name, source]): ProjectFile[] => {
    const path = join(folder, name);
    const state = existsSync(path) ? 'updated' : 'made';
    if (state === 'updated' && readFileSync(path, 'utf8') === read(source)) return [{ path, state: 'kept' }];
    write(path, read(source));
    return [{ path, state }];
  });
  return [...own, ...theirs];
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Names the cluster after its folder, where that can be a cluster's name. */
function withName(inventory: string, name: string): string {
  return /^[a-zA-Z0-9][a-zA-Z0-9_-]*$/.test(name)
    ? inventory.replace(/^( *cluster_name:) .*$/m, `$1 ${name}`)
    : inventory;
}
