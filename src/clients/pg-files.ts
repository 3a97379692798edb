import * as z from 'zod';
import type { SqlRow } from './sql.ts';

/**
 * What a server finds wrong in its files, what ALTER SYSTEM has set, and when it last read them. For a superuser. What merely
 * waits for a restart counts as not applied, too, and is no error; of a setting that was taken out that stands in no file.
 * One that is overridden is of no account.
 */
export const fileFaultsQuery = `SELECT 'error' AS kind, current_setting('hba_file') AS file, line_number AS line, NULL AS name, NULL AS setting, error FROM pg_hba_file_rules WHERE error IS NOT NULL
UNION ALL SELECT 'error', f.sourcefile, f.sourceline, f.name, f.setting, f.error FROM pg_file_settings f LEFT JOIN pg_settings s ON lower(s.name) = lower(f.name) WHERE f.error IS NOT NULL AND f.sourcefile IS NOT NULL AND NOT coalesce(s.pending_restart, false)
UNION ALL SELECT 'override', sourcefile, sourceline, name, setting, NULL FROM pg_file_settings WHERE sourcefile LIKE '%/postgresql.auto.conf' AND name IS NOT NULL
UNION ALL SELECT 'loaded', NULL, NULL, NULL, extract(epoch FROM pg_conf_load_time())::text, NULL
ORDER BY 1, 2, 3`;

const Row = z.object({
  kind: z.enum(['error', 'override', 'loaded']),
  file: z.string().nullable(),
  line: z.number().nullable(),
  name: z.string().nullable(),
  setting: z.string().nullable(),
  error: z.string().nullable(),
});

export interface FileFaults {
  /** File and line, with the parameter's name where it is about one. */
  readonly errors: readonly { readonly file: string; readonly place: string; readonly error: string }[];
  /** Set by ALTER SYSTEM, which is stronger than all that Patroni writes. */
  readonly overrides: readonly { readonly name: string; readonly setting: string }[];
  /** When the server last read its files, in seconds since 1970; 0 where it did not say. */
  readonly loadedAt: number;
}

export function parseFileFaults(rows: readonly SqlRow[]): FileFaults {
  const found = rows.map((row) => Row.parse(row));
  return {
    errors: found.flatMap(({ kind, file, line, name, error }) =>
      kind === 'error'
        ? [
            {
              file: file ?? '',
              place: `${file ?? '?'}:${line ?? '?'}${name === null ? '' : ` ${name}`}`,
              error: error ?? '',
            },
          ]
        : [],
    ),
    loadedAt: Number(found.find(({ kind }) => kind === 'loaded')?.setting ?? 0),
    overrides: found.flatMap(({ kind, name, setting }) =>
      kind === 'override' && name !== null ? [{ name, setting: setting ?? '' }] : [],
    ),
  };
}

/** The overrides of parameters that are kept elsewhere; PostgreSQL does not mind how their names are written. */
export function overridesOf(
  { overrides }: FileFaults,
  parameters: Readonly<Record<string, unknown>>,
): FileFaults['overrides'] {
  const kept = new Set(Object.keys(parameters).map((name) => name.toLowerCase()));
  return overrides.filter(({ name }) => kept.has(name.toLowerCase()));
}
