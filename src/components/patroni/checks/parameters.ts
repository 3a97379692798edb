import { problemsOf, readSetting, type PgSetting } from '../../../clients/pg-settings.ts';
import { didYouMean } from '../../../core/diagnostics.ts';
// What pg_settings says in PostgreSQL 15 and 17, and what came or went with 16.
import shipped from './parameters.json' with { type: 'json' };

interface Known extends PgSetting {
  readonly since: number;
  readonly until: number;
}

/** Majors of which every parameter is known. */
const [first, last] = [15, 17];

const byName: ReadonlyMap<string, Known> = new Map(
  Object.entries(shipped).map(([name, text]) => [name.toLowerCase(), read(name, text)]),
);

function read(name: string, text: string): Known {
  const [vartype = '', context = '', ...more] = text.split(' ');
  const fields = new Map(
    more.map((word): [string, string] => [word.split('=')[0] ?? '', word.split('=')[1] ?? '']),
  );
  const [least, most] = fields.get('range')?.split('..') ?? [];
  return {
    name,
    own: name,
    setting: '',
    vartype,
    context,
    unit: fields.get('unit') ?? null,
    min_val: least ?? null,
    max_val: most ?? null,
    enumvals: fields.get('choices')?.replaceAll('+', ' ').split('|') ?? null,
    fallback: null,
    written: false,
    since: Number(fields.get('since') ?? 0),
    until: Number(fields.get('until') ?? Infinity),
  };
}

/** What is set elsewhere, or not by anybody: a value here would have no effect, or break the cluster. */
const elsewhere: Readonly<Record<string, string>> = {
  data_directory: 'it is the variable postgres_data_dir',
  unix_socket_directories: 'it is /var/run/postgresql, where the programs of the package look',
  synchronous_standby_names: 'Patroni sets it, by patroni_synchronous_mode',
  primary_conninfo: 'Patroni sets it on replicas',
  primary_slot_name: 'Patroni sets it on replicas',
  promote_trigger_file: 'Patroni promotes replicas',
  hba_file: 'Patroni writes pg_hba.conf; postgres_hba_extra takes more lines',
  ident_file: 'Patroni writes pg_ident.conf',
  config_file: 'Patroni starts PostgreSQL with its own',
  external_pid_file: 'Patroni looks for the one in the data directory',
};

/** Patroni keeps these on whatever is set (patroni/postgresql/config.py, CMDLINE_OPTIONS). */
const alwaysOn = ['hot_standby', 'wal_log_hints'];

/** PostgreSQL takes these from no file (guc_tables.c, GUC_DISALLOW_IN_FILE). */
const ofSession =
  /^(role|session_authorization|seed|transaction_(isolation|read_only|deferrable)|default_transaction_read_only)$/;

export interface ParameterProblem {
  readonly message: string;
  readonly hint?: string;
}

/** What is wrong with a parameter of PostgreSQL's, as far as that can be told without a server; null takes it out. */
export function parameterProblem(
  name: string,
  value: unknown,
  major: number | undefined,
): ParameterProblem | undefined {
  if (value === null || value === undefined) return undefined;
  if (/[.]/.test(name)) return extensionProblem(name, value);
  const setting = byName.get(name.toLowerCase());
  if (!setting) return unknownName(name, major);
  const moved = elsewhere[setting.name] ?? (/^recovery_target/.test(name) ? 'Patroni recovers' : undefined);
  if (moved !== undefined) return { message: `${name} is not set here`, hint: moved };
  if (name === 'default_transaction_isolation' && value === 'serializable')
    return { message: `${name}: replicas take no queries that are serializable` };
  if (ofSession.test(name)) return { message: `${name} is no setting of a whole cluster` };
  const of = `PostgreSQL ${major ?? ''} has no parameter ${name}`;
  if (major !== undefined && major < setting.since)
    return { message: of, hint: `it came with ${setting.since}` };
  if (major !== undefined && major > setting.until)
    return { message: of, hint: `it went with ${setting.until + 1}` };
  const wrong = problemsOf({ byName: new Map([[name, setting]]), known: [] }, { [name]: value })[0];
  if (wrong !== undefined) return { message: wrong };
  const read = readSetting(setting, value);
  return alwaysOn.includes(name) && !('value' in read && read.value === 'on')
    ? { message: `${name}: Patroni keeps it on` }
    : undefined;
}

function extensionProblem(name: string, value: unknown): ParameterProblem | undefined {
  if (!/^[a-zA-Z_][\w$]*(\.[a-zA-Z_][\w$]*)+$/.test(name))
    return { message: `${name} is no name of a parameter` };
  return typeof value === 'object' ? { message: `${name} takes a text, a number, or on and off` } : undefined;
}

function unknownName(name: string, major: number | undefined): ParameterProblem | undefined {
  const { hint } = didYouMean(
    name,
    [...byName.values()].map((setting) => setting.name),
  );
  const isKnownMajor = major === undefined || (major >= first && major <= last);
  if (hint === undefined && !isKnownMajor && /^[a-z_]+$/.test(name)) return undefined;
  return {
    message: `PostgreSQL ${major === undefined ? '' : `${major} `}has no parameter ${name}`,
    ...(hint === undefined ? { hint: 'a parameter of an extension has its name before a dot' } : { hint }),
  };
}

/** Names that PostgreSQL has, of any version that is known. */
export const parameterNames: readonly string[] = [...byName.values()].map(({ name }) => name);

/** A number in the parameter's own unit. */
const numberOf = (name: string, value: unknown) => {
  const setting = byName.get(name);
  const read = setting && value !== undefined ? readSetting(setting, value) : undefined;
  return read && 'value' in read ? Number(read.value) : undefined;
};

/** What is wrong with parameters together: PostgreSQL would not start; by the one to mend. */
export function togetherProblems(
  parameters: Readonly<Record<string, unknown>>,
  segment: number,
): (ParameterProblem & { readonly name: string })[] {
  const sizes = ['max_wal_size', 'min_wal_size'].flatMap((name) =>
    (numberOf(name, parameters[name]) ?? Infinity) < 2 * segment
      ? [{ name, message: `${name} must be at least twice a WAL segment, ${2 * segment}MB` }]
      : [],
  );
  const [connections = 100, superuser = 3, reserved = 0] = [
    'max_connections',
    'superuser_reserved_connections',
    'reserved_connections',
  ].map((name) => numberOf(name, parameters[name]));
  if (superuser + reserved < connections) return sizes;
  const name = reserved > superuser ? 'reserved_connections' : 'superuser_reserved_connections';
  return [...sizes, { name, message: `${name}: of ${connections} connections, none is left for others` }];
}
