import * as z from 'zod';
import type { SqlAnswer } from './sql.ts';

const Setting = z.object({
  name: z.string(),
  /** As PostgreSQL writes it; null for a name that it does not know. */
  own: z.string().nullable(),
  setting: z.string().nullable(),
  unit: z.string().nullable(),
  vartype: z.string().nullable(),
  context: z.string().nullable(),
  min_val: z.string().nullable(),
  max_val: z.string().nullable(),
  enumvals: z.array(z.string()).nullable(),
  /** What it is when nobody sets it: by initdb's file, which Patroni keeps as postgresql.base.conf, or built in. */
  fallback: z.string().nullable(),
  /** It stands in the file that Patroni writes. */
  written: z.boolean(),
});

/** A parameter as a running server has it; one that it does not know has no `setting`. */
export type PgSetting = z.infer<typeof Setting>;

const Row = Setting.extend({ known: z.array(z.string()) });

/**
 * Asks for parameters by name, and for all that only a restart changes; of a name that is not there, the names of all
 * there are come along. For a superuser: nobody else may look into the files.
 */
export function settingsQuery(names: readonly string[]): string {
  const list = names.map((name) => `'${name.replaceAll("'", "''")}'`).join(', ');
  return `SELECT w.name, s.name AS own, s.setting, s.unit, s.vartype, s.context, s.min_val, s.max_val, to_jsonb(s.enumvals) AS enumvals,
coalesce((SELECT f.setting FROM pg_file_settings f WHERE f.name = s.name AND f.sourcefile LIKE '%/postgresql.base.conf' ORDER BY f.seqno DESC LIMIT 1), s.boot_val) AS fallback,
EXISTS (SELECT FROM pg_file_settings f WHERE f.name = s.name AND f.sourcefile LIKE '%/postgresql.conf') AS written,
CASE WHEN s.name IS NULL THEN (SELECT jsonb_agg(name) FROM pg_settings) ELSE '[]' END AS known
FROM (SELECT unnest(ARRAY[${list}]::text[]) UNION SELECT name FROM pg_settings WHERE context = 'postmaster') AS w(name)
LEFT JOIN pg_settings s ON lower(s.name) = lower(w.name) ORDER BY 1`;
}

export interface PgSettings {
  readonly byName: ReadonlyMap<string, PgSetting>;
  /** Names of all parameters, when one was asked for that is not there. */
  readonly known: readonly string[];
}

export function parseSettings(answer: SqlAnswer): PgSettings | undefined {
  if (!answer.answered) return undefined;
  const rows = answer.rows.map((row) => Row.parse(row));
  return {
    byName: new Map(rows.map(({ known: _, ...setting }) => [setting.name, setting])),
    known: rows.flatMap(({ known }) => known),
  };
}

// guc.c: memory in powers of 1024 bytes, time in microseconds; the smallest unit first.
const bytes: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1024,
  MB: 1024 ** 2,
  GB: 1024 ** 3,
  TB: 1024 ** 4,
};
const microseconds: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1000,
  s: 1_000_000,
  min: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
};

/** A value in the parameter's own unit and form, as `pg_settings.setting` has it, or what is wrong with it. */
export function readSetting(
  setting: PgSetting,
  value: unknown,
): { readonly value: string | number } | { readonly problem: string } {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    return { problem: 'takes a text, a number, or on and off' };
  const text = String(value).trim();
  switch (setting.vartype) {
    case 'bool':
      return readBoolean(text);
    case 'enum': {
      const found = setting.enumvals?.find((choice) => choice.toLowerCase() === text.toLowerCase());
      return found === undefined ? readEnumBoolean(text, setting.enumvals ?? []) : { value: found };
    }
    case 'integer':
    case 'real':
      return readNumber(setting, text);
    default:
      return { value: String(value) };
  }
}

/** Enumerations such as synchronous_commit take the words for on and off as well. */
function readEnumBoolean(text: string, choices: readonly string[]): ReturnType<typeof readSetting> {
  const problem = { problem: `takes one of ${choices.join(', ')}` };
  const meant = readBoolean(text);
  return 'value' in meant && choices.includes(meant.value) ? meant : problem;
}

function readBoolean(text: string): { readonly value: string } | { readonly problem: string } {
  const word = text.toLowerCase();
  const fits = (...words: readonly string[]) => word !== '' && words.some((full) => full.startsWith(word));
  if (word === '1' || word === 'on' || fits('true', 'yes')) return { value: 'on' };
  if (word === '0' || word === 'of' || word === 'off' || fits('false', 'no')) return { value: 'off' };
  return { problem: 'takes on or off' };
}

function readNumber(setting: PgSetting, text: string): ReturnType<typeof readSetting> {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([a-zA-Z]*)$/.exec(text);
  if (!match) return { problem: `takes a number${unitsOf(setting)}` };
  const scaled = toBase(Number(match[1]), match[2] ?? '', setting.unit);
  if (scaled === undefined) {
    return {
      problem: setting.unit === null ? 'takes a number without a unit' : `takes a number${unitsOf(setting)}`,
    };
  }
  const value = setting.vartype === 'integer' ? roundToEven(scaled) : scaled;
  const [least, most] = [Number(setting.min_val), Number(setting.max_val)];
  if (value < least || value > most) {
    const unit = setting.unit === null ? '' : ` (in units of ${setting.unit})`;
    return { problem: `is outside of ${least} to ${most}${unit}` };
  }
  return { value };
}

/**
 * A number of some unit in the parameter's own; undefined where the unit does not fit. A fraction is rounded to the
 * next smaller unit first, as PostgreSQL does: 30.1GB are 30822MB.
 */
function toBase(value: number, unit: string, base: string | null): number | undefined {
  if (unit === '') return value;
  const [, count = '', name = ''] = /^(\d*)([a-zA-Z]+)$/.exec(base ?? '') ?? [];
  for (const table of [bytes, microseconds]) {
    const [from, to] = [table[unit], table[name]];
    if (from === undefined || to === undefined) continue;
    const units = Object.values(table);
    const smaller = units[units.indexOf(from) - 1];
    const small = smaller === undefined ? value * from : roundToEven((value * from) / smaller) * smaller;
    return small / (to * Number(count === '' ? 1 : count));
  }
  return undefined;
}

/** C's rint. */
function roundToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

function unitsOf({ unit }: PgSetting): string {
  if (unit === null) return '';
  const names = Object.keys(/B$/.test(unit) ? bytes : microseconds);
  return `, alone or with one of ${names.join(', ')}`;
}

/** Whether the running server has the value. */
export function hasValue(setting: PgSetting, value: string | number): boolean {
  if (setting.setting === null) return false;
  if (typeof value === 'string') return setting.setting === value;
  return Math.abs(Number(setting.setting) - value) <= Math.abs(value) * 1e-9;
}

/** Whether the value can take effect only by a restart of the server. */
export function needsRestart({ context }: PgSetting): boolean {
  return context === 'postmaster';
}

// Set by Patroni, or by each member's own configuration, and none of the cluster's parameters.
const ofMember = [
  'cluster_name',
  'data_directory',
  'config_file',
  'hba_file',
  'ident_file',
  'external_pid_file',
  'listen_addresses',
  'port',
  'unix_socket_directories',
  'hot_standby',
  'wal_level',
];

/** All parameters that need a restart, with what those are to be that are taken out or were never set. */
export function withFallbacks(
  { byName }: PgSettings,
  wanted: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const ofPatroni = Object.entries(patroniSets).map(([name, { byDefault }]) => [name, byDefault]);
  const others = [...byName.values()]
    .filter((setting) => setting.written && needsRestart(setting) && !ofMember.includes(setting.name))
    .map(({ name, fallback }) => [name, fallback]);
  // What is given as null is taken out.
  const given = Object.entries(wanted).filter(([, value]) => value !== null);
  return Object.fromEntries([...others, ...ofPatroni, ...given]) as Record<string, unknown>;
}

/**
 * Parameters of which a hot standby must have at least the primary's value
 * (PostgreSQL, "Hot Standby", administrator's overview): downwards, the primary restarts first.
 */
const standbyFollows = [
  'max_connections',
  'max_worker_processes',
  'max_wal_senders',
  'max_prepared_transactions',
  'max_locks_per_transaction',
];

/** Which of the parameters that a standby follows go up, and which go down. */
export function directions(
  settings: PgSettings,
  wanted: Readonly<Record<string, unknown>>,
): { readonly up: string[]; readonly down: string[] } {
  const up: string[] = [];
  const down: string[] = [];
  for (const name of standbyFollows.filter((key) => (wanted[key] ?? null) !== null)) {
    const setting = settings.byName.get(name);
    const read = setting && readSetting(setting, wanted[name]);
    if (!setting || !read || 'problem' in read || hasValue(setting, read.value)) continue;
    (Number(read.value) > Number(setting.setting) ? up : down).push(name);
  }
  return { up, down };
}

// Patroni's own rules (patroni/postgresql/config.py, CMDLINE_OPTIONS): these it always sets, by default to this, and
// a value below the least is replaced by the default.
const patroniSets: Readonly<Record<string, { byDefault: string; least?: number }>> = {
  max_connections: { byDefault: '100', least: 25 },
  max_wal_senders: { byDefault: '10', least: 3 },
  max_replication_slots: { byDefault: '10', least: 4 },
  max_worker_processes: { byDefault: '8', least: 2 },
  max_locks_per_transaction: { byDefault: '64', least: 32 },
  max_prepared_transactions: { byDefault: '0' },
  track_commit_timestamp: { byDefault: 'off' },
  wal_log_hints: { byDefault: 'on' },
  wal_keep_size: { byDefault: '128MB', least: 16 },
};
const patroniOwn: Readonly<Record<string, string>> = {
  listen_addresses: 'postgres_listen',
  port: 'postgres_port',
  cluster_name: 'cluster_name',
};

/** What is wrong with parameters, each with its remedy; checked against a running server. */
export function problemsOf(settings: PgSettings, wanted: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(wanted).flatMap(([name, value]) => {
    if (value === null || value === undefined) return [];
    const own = patroniOwn[name];
    if (own !== undefined) return [`${name} is not set here: use the variable ${own}`];
    const setting = settings.byName.get(name);
    if (!setting) return [];
    // A name with a dot belongs to an extension, which may not be loaded.
    if (setting.setting === null && setting.vartype === null) {
      return name.includes('.') ? [] : [`PostgreSQL has no parameter ${name}`];
    }
    // Patroni does not mind, but what compares parameters by their names would.
    if (name !== name.toLowerCase() && name !== setting.own)
      return [`${name} is written ${setting.own ?? ''}`];
    if (setting.context === 'internal') return [`${name} can only be read`];
    const read = readSetting(setting, value);
    if ('problem' in read) return [`${name}: ${JSON.stringify(value)} ${read.problem}`];
    if (name === 'wal_level' && read.value === 'minimal')
      return [`${name}: Patroni takes no less than replica`];
    const least = patroniSets[name]?.least;
    return least !== undefined && Number(read.value) < least
      ? [`${name}: Patroni takes no less than ${least}`]
      : [];
  });
}
