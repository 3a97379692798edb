import type * as z from 'zod';
import { didYouMean } from '../../../core/diagnostics.ts';
import { messageOfIssue, unknownKeysOf } from '../../../config/validate.ts';
import type { Path } from '../../check.ts';
import { DcsPostgresql, DcsSettings } from './dcs-schema.ts';
import { parameterProblem } from './parameters.ts';
import { isMap } from '../../../core/is-map.ts';

type Settings = Readonly<Record<string, unknown>>;

export interface DcsProblem {
  readonly path: Path;
  readonly message: string;
  readonly hint?: string;
}

// Patroni drops these from what the DCS holds (config.py, _safe_copy_dynamic_configuration), or goes by the members'.
const ofMembers: Readonly<Record<string, string>> = {
  listen: 'it is postgres_listen and postgres_port',
  connect_address: 'it is internal_address and postgres_port',
  proxy_address: 'each member has its own',
  data_dir: 'it is postgres_data_dir',
  config_dir: 'each member has its own',
  bin_dir: 'it is postgres_bin_dir',
  pgpass: 'each member has its own',
  authentication: 'names and passwords of roles are variables',
  pg_hba: 'Patroni goes by the members’ own lines: postgres_hba_extra adds to them',
};

/** What is wrong with settings for the DCS, by their own names; null takes one out, whatever it is called. */
export function dcsProblems(settings: Settings, major?: number): DcsProblem[] {
  const kept = withoutNull(settings);
  const issues = DcsSettings.safeParse(kept).error?.issues ?? [];
  const { postgresql } = kept;
  const ofPostgresql =
    typeof postgresql === 'object' && postgresql !== null
      ? postgresqlProblems(postgresql as Settings, major)
      : [];
  return [
    ...issues.flatMap((issue): DcsProblem[] => {
      const unknown = unknownKeysOf(issue, DcsSettings);
      if (unknown.length === 0)
        return [{ path: issue.path, message: `${issue.path.join('.')} ${messageOfIssue(innermost(issue))}` }];
      return unknown.map(({ key, ...hint }) => ({
        path: [...issue.path, key],
        message: `Patroni has no setting ${[...issue.path, key].join('.')}`,
        ...hint,
      }));
    }),
    ...ofPostgresql,
  ];
}

/** A key that does not fit says why inside. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  return (issue.code === 'invalid_key' && issue.issues[0]) || issue;
}

/** A patch without what it takes out. */
function withoutNull(settings: Settings): Settings {
  const kept = Object.entries(settings).filter(([, value]) => value !== null);
  return Object.fromEntries(kept.map(([key, value]) => [key, isMap(value) ? withoutNull(value) : value]));
}

function postgresqlProblems(settings: Settings, major: number | undefined): DcsProblem[] {
  const { parameters, create_replica_methods: methods } = settings;
  const own = Array.isArray(methods) ? methods.map(String) : [];
  const known = [...Object.keys(DcsPostgresql.shape), ...own];
  const keys = Object.keys(settings).flatMap((key): DcsProblem[] => {
    const path = ['postgresql', key];
    const elsewhere = ofMembers[key];
    if (elsewhere !== undefined)
      return [{ path, message: `postgresql.${key} is not read from the DCS`, hint: elsewhere }];
    return known.includes(key)
      ? []
      : [{ path, message: `Patroni has no setting postgresql.${key}`, ...didYouMean(key, known) }];
  });
  const ofParameters = Object.entries(isMap(parameters) ? parameters : {}).flatMap(([name, value]) => {
    const problem = parameterProblem(name, value, major);
    return problem ? [{ ...problem, path: ['postgresql', 'parameters', name] }] : [];
  });
  return [...keys, ...ofParameters];
}
