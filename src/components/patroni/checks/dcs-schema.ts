import * as z from 'zod';

/** Patroni's parse_bool takes these words, too. */
const Switch = z.union([z.boolean(), z.stringbool()], { error: 'must be true or false' }).nullish();
const whole = (least: number) => z.int().min(least).nullish();
const Text = z.string().nullish();
const Texts = z.array(z.string()).nullish();

// A slot's name, as PostgreSQL takes it.
const slotName = z.string().regex(/^[a-z0-9_]{1,63}$/, 'is no name of a slot: a-z, 0-9 and _, at most 63');

const Slot = z
  .strictObject({
    type: z.enum(['physical', 'logical']).default('physical'),
    database: z.string().optional(),
    plugin: z.string().optional(),
    cluster_type: z.enum(['primary', 'standby']).optional(),
  })
  .refine(
    ({ type, database, plugin }) => type === 'physical' || (database !== undefined && plugin !== undefined),
    {
      message: 'must have a database and a plugin: it is a logical slot',
    },
  );

/** Names are settings of the DCS or of own methods to make replicas: unknown ones are told by `postgresqlProblems`. */
export const DcsPostgresql = z.looseObject({
  use_pg_rewind: Switch,
  use_slots: Switch,
  remove_data_directory_on_rewind_failure: Switch,
  remove_data_directory_on_diverged_timelines: Switch,
  recovery_conf: z.record(z.string(), z.unknown()).nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  pg_ident: Texts,
  pg_ctl_timeout: whole(0),
  callbacks: z.record(z.string(), z.string()).nullish(),
  create_replica_methods: Texts,
  create_replica_method: Texts,
  basebackup: z.unknown().optional(),
  before_stop: Text,
  pre_promote: Text,
  custom_conf: Text,
  bin_name: z.record(z.string(), z.string()).nullish(),
  use_unix_socket: Switch,
  use_unix_socket_repl: Switch,
});

/**
 * The settings that Patroni reads from the DCS: those that docs/dynamic_configuration.rst of 3.0 to 4.1 and Patroni's own
 * checks (validator.py, config.py) name. null takes a setting out.
 */
export const DcsSettings = z.strictObject({
  ttl: whole(20),
  loop_wait: whole(1),
  retry_timeout: whole(3),
  maximum_lag_on_failover: whole(0),
  maximum_lag_on_syncnode: whole(-1),
  max_timelines_history: whole(0),
  check_timeline: Switch,
  primary_start_timeout: whole(0),
  primary_stop_timeout: whole(0),
  primary_race_backoff: whole(0),
  master_start_timeout: whole(0),
  master_stop_timeout: whole(0),
  // From 4.0 on.
  synchronous_mode: z
    .union([z.literal('quorum'), z.boolean(), z.stringbool()], { error: 'must be true, false or quorum' })
    .nullish(),
  synchronous_mode_strict: Switch,
  synchronous_node_count: whole(1),
  failsafe_mode: Switch,
  pause: Switch,
  // From 4.0 on.
  member_slots_ttl: z
    .union([z.int().min(0), z.string().regex(/^\d+ *(ms|s|min|h|d)?$/)], {
      error: 'must be a number of seconds, or one with a unit: ms, s, min, h, d',
    })
    .nullish(),
  postgresql: DcsPostgresql.nullish(),
  standby_cluster: z
    .strictObject({
      host: Text,
      port: z
        .union([z.int().min(1).max(65535), z.string().regex(/^\d+(,\d+)*$/)], { error: 'must be a port' })
        .nullish(),
      primary_slot_name: slotName.nullish(),
      create_replica_methods: Texts,
      restore_command: Text,
      archive_cleanup_command: Text,
      recovery_min_apply_delay: z.union([z.string(), z.int()], { error: 'must be a time' }).nullish(),
    })
    .nullish(),
  slots: z.record(slotName, Slot.nullish()).nullish(),
  ignore_slots: z
    .array(
      z.strictObject({
        name: z.string().optional(),
        type: z.enum(['physical', 'logical']).optional(),
        database: z.string().optional(),
        plugin: z.string().optional(),
      }),
    )
    .nullish(),
});
