import * as z from 'zod';
import { parseHaproxyTime } from '../clients/haproxy.ts';
import type { PatroniCredentials } from '../clients/patroni.ts';
import { InvalidInputError } from '../core/errors.ts';
import { toPlain } from '../engine/tasks/instance.ts';
import type { Scope } from '../vars/scope.ts';
import { watchdogTimeout } from './timing.ts';

/** The inventory's groups that a cluster is made of. */
export const serviceGroups = ['etcd', 'postgres', 'haproxy'] as const;
export type ServiceGroup = (typeof serviceGroups)[number];

/** A host in one of its roles. */
export interface Node {
  readonly name: string;
  /** Where the hosts of the cluster reach it. */
  readonly address: string;
}

/** What a cluster is to be, out of its inventory. */
export interface Topology {
  readonly cluster: string;
  readonly etcd: readonly Node[];
  readonly postgres: readonly Node[];
  readonly haproxy: readonly Node[];
  readonly ports: {
    readonly etcd: number;
    readonly rest: number;
    readonly postgres: number;
    readonly write: number;
    readonly read: number;
    /** HAProxy's statistics. */
    readonly stats: number;
  };
  /** Who may change something through Patroni's REST API. */
  readonly rest: PatroniCredentials;
  /** How HAProxy finds out who leads; seconds. */
  readonly checks: { readonly interval: number; readonly fall: number; readonly rise: number };
  readonly etcdQuota: number;
  /** Seconds. The margin may be -1; the timeout is what it comes to. */
  readonly watchdog: { readonly mode: string; readonly margin: number; readonly timeout: number };
  readonly synchronous: boolean;
  /** What the DCS is to hold. */
  readonly dcs: Readonly<Record<string, unknown>>;
  /** PostgreSQL's parameters, as they are to be in effect. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Members that are not meant to serve reads. */
  readonly noLoadBalance: ReadonlySet<string>;
  /** Placeholders where secret. */
  readonly probe: { readonly user: string; readonly password: string };
  readonly superuser: { readonly user: string; readonly password: string };
  readonly admin: string;
  /** Where clients reach HAProxy. */
  readonly entry: readonly string[];
}

const Names = z.array(z.string());
const Tags = z.looseObject({ noloadbalance: z.boolean().optional() });

/** Reads the topology out of the hosts' variables. */
export function topologyOf(
  scopeOf: (host: string) => Scope,
  groups: Readonly<Record<string, readonly string[]>>,
): Topology {
  const hostsOf = (group: string) => groups[group] ?? [];
  const [first] = hostsOf('postgres');
  if (first === undefined) throw new InvalidInputError([{ message: 'the group postgres has no hosts' }]);
  const get = <S extends z.ZodType>(host: string, name: string, schema: S): z.output<S> =>
    schema.parse(toPlain(scopeOf(host).get(name) ?? null));
  const text = (name: string, host = first) => String(get(host, name, z.union([z.string(), z.number()])));
  const number = (name: string, host = first) => get(host, name, z.number());
  const nodes = (group: string): Node[] =>
    hostsOf(group).map((name) => ({ name, address: text('internal_address', name) }));
  const ttl = number('patroni_ttl');
  const margin = number('watchdog_safety_margin');
  const [entry = first] = hostsOf('haproxy');
  const dcs = z.record(z.string(), z.unknown());
  return {
    cluster: text('cluster_name'),
    etcd: nodes('etcd'),
    postgres: nodes('postgres'),
    haproxy: nodes('haproxy'),
    ports: {
      etcd: number('etcd_client_port', hostsOf('etcd')[0] ?? first),
      rest: number('patroni_restapi_port'),
      postgres: number('postgres_port'),
      write: number('haproxy_write_port', entry),
      read: number('haproxy_read_port', entry),
      stats: number('haproxy_stats_port', entry),
    },
    rest: { user: text('patroni_restapi_user'), password: text('patroni_restapi_password') },
    checks: {
      interval: parseHaproxyTime(text('haproxy_check_interval', entry)),
      fall: number('haproxy_check_fall', entry),
      rise: number('haproxy_check_rise', entry),
    },
    etcdQuota: number('etcd_quota_backend_bytes', hostsOf('etcd')[0] ?? first),
    watchdog: { mode: text('watchdog_mode'), margin, timeout: watchdogTimeout(ttl, margin) },
    synchronous: get(first, 'patroni_synchronous_mode', z.boolean()),
    dcs: { ...get(first, 'patroni_dcs', dcs), ...get(first, 'patroni_dcs_extra', dcs) },
    parameters: {
      ...get(first, 'postgres_parameter_defaults', dcs),
      ...get(first, 'postgres_parameters', dcs),
    },
    noLoadBalance: new Set(
      hostsOf('postgres').filter((host) => get(host, 'patroni_tags', Tags).noloadbalance === true),
    ),
    probe: { user: text('postgres_probe_name'), password: text('postgres_probe_password') },
    superuser: { user: text('postgres_superuser_name'), password: text('postgres_superuser_password') },
    admin: text('postgres_admin_name'),
    entry:
      get(first, 'groups', z.record(z.string(), Names))['haproxy']?.map((host) =>
        text('client_address', host),
      ) ?? [],
  };
}
