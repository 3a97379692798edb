import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';

const Text = z.union([
  z.string(),
  z.record(z.string(), z.unknown()).transform((data) => JSON.stringify(data)),
]);

const Case = z.strictObject({
  /** By path; what is no text is written as JSON. */
  files: z.record(z.string(), Text),
  /** What `-i` gets, by default the first file. */
  inventory: z.union([z.string().transform((one) => [one]), z.array(z.string())]).optional(),
  playbook_dir: z.string().optional(),
  executable: z.array(z.string()).default([]),
  patterns: z.array(z.string()).default([]),
  /** Ansible does not take it; what drover says. */
  error: z.string().optional(),
});
export type Case = z.infer<typeof Case>;

/** The cases of every file in this folder, by file and name. */
export function cases(): [string, Case][] {
  const folder = import.meta.dirname;
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yml'))
    .flatMap((file) =>
      Object.entries(parse(readFileSync(join(folder, file), 'utf8')) as Record<string, unknown>).map(
        ([name, data]): [string, Case] => [`${file}: ${name}`, Case.parse(data)],
      ),
    );
}

/** What Ansible makes of an inventory. */
export interface Listed {
  readonly hosts: Readonly<Record<string, unknown>>;
  readonly groups: Readonly<Record<string, { hosts: readonly string[]; children: readonly string[] }>>;
  readonly patterns?: Readonly<Record<string, readonly string[]>>;
}

export const recordedFile = join(import.meta.dirname, 'recorded.json');

/** The same, by case, as it was recorded. */
export function recorded(): Record<string, Listed> {
  return JSON.parse(readFileSync(recordedFile, 'utf8')) as Record<string, Listed>;
}

/** Writes a case's files and returns its sources and the playbooks' folder, as absolute paths where they are paths. */
export function laidOut(folder: string, { files, inventory, playbook_dir, executable }: Case) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  for (const name of executable) chmodSync(join(folder, name), 0o755);
  const names = Object.keys(files);
  const isPath = (source: string) => names.some((name) => name === source || name.startsWith(`${source}/`));
  return {
    sources: (inventory ?? names.slice(0, 1)).map((source) =>
      isPath(source) ? join(folder, source) : source,
    ),
    ...(playbook_dir === undefined ? {} : { playbookDir: join(folder, playbook_dir) }),
  };
}

type Printed = Record<string, { hosts?: string[]; children?: string[]; hostvars?: Record<string, unknown> }>;

/** `--list` without what says nothing: empty groups that are children, and the order of children. */
export function listed(printed: unknown): Listed {
  const { _meta, ...groups } = printed as Printed;
  const all = new Set([
    ...Object.keys(groups),
    ...Object.values(groups).flatMap(({ children = [] }) => children),
  ]);
  const entries = [...all].sort().flatMap((name) => {
    const { hosts = [], children = [] } = groups[name] ?? {};
    const isEmptyUngrouped = name === 'ungrouped' && hosts.length === 0;
    return isEmptyUngrouped ? [] : [[name, { hosts, children: [...children].sort() }] as const];
  });
  const known = Object.values(groups).flatMap(({ hosts = [] }) => hosts);
  const vars = Object.fromEntries(
    [...new Set(known)].sort().map((host) => [host, _meta?.hostvars?.[host] ?? {}]),
  );
  return { hosts: vars, groups: Object.fromEntries(entries) };
}
