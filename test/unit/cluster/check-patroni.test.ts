import { describe, expect, test } from 'vitest';
import { problemsOfCluster } from './inventories.ts';

/** What is wrong with a cluster of three nodes and a proxy when these variables are in its inventory. */
const withVars = (vars: string) => problemsOfCluster({ vars });

describe('members and standbys', () => {
  test.each([
    [
      'patroni_synchronous_mode: true\npatroni_synchronous_node_count: 5',
      [
        'hosts.yml:5:37 patroni_synchronous_node_count is 5, and beside the leader there are 2 nodes that may be synchronous -> 2 at most',
      ],
    ],
    [
      'patroni_dcs_extra: { synchronous_mode: quorum, synchronous_node_count: 3 }',
      [
        'hosts.yml:4:76 patroni_dcs_extra: synchronous_node_count is 3, and beside the leader there are 2 nodes that may be synchronous -> 2 at most',
      ],
    ],
    ['patroni_synchronous_mode: true\npatroni_synchronous_node_count: 2', []],
    ['patroni_synchronous_node_count: 5', []],
    [
      'patroni_tags: { nofailover: true }',
      [
        'hosts.yml:4:19 patroni_tags: all members are nofailover, so that none could ever lead -> leave the tag out for at least one',
      ],
    ],
    [
      'patroni_tags: { failover_priority: 0 }',
      [
        'hosts.yml:4:19 patroni_tags: all members are nofailover, so that none could ever lead -> leave the tag out for at least one',
      ],
    ],
    [
      'patroni_tags: { nofialover: true, clonefrom: "yes", mine: 1 }',
      [
        'hosts.yml:4:33 patroni_tags.nofialover is no tag that Patroni knows -> did you mean "nofailover"?',
        'hosts.yml:4:50 patroni_tags.clonefrom must be true or false',
      ],
    ],
    [
      'patroni_tags: { replicatefrom: node9 }',
      [
        'hosts.yml:4:36 patroni_tags.replicatefrom is "node9", and not another member -> did you mean "node2"?',
      ],
    ],
  ])('%s', (vars, problems) => {
    expect(withVars(vars)).toEqual(problems);
  });
});

describe('options of initdb', () => {
  test.each([
    [
      'postgres_initdb: [{ encodign: UTF8 }, data-checksums]',
      ['hosts.yml:4:23 postgres_initdb: initdb has no option "encodign" -> did you mean "encoding"?'],
    ],
    [
      'postgres_initdb: [{ encoding: UTF9 }, { locale: "C; rm -rf /" }, pwfile, encoding, { data-checksums: yes }, { wal-segsize: 5 }]',
      [
        'hosts.yml:4:23 postgres_initdb: encoding "UTF9" is no encoding of a PostgreSQL server',
        'hosts.yml:4:43 postgres_initdb: locale takes letters, digits and . / @ : = , + - only',
        'hosts.yml:4:70 postgres_initdb: pwfile is not set here -> the password is postgres_superuser_password',
        'hosts.yml:4:78 postgres_initdb: encoding takes a value: { encoding: … }',
        'hosts.yml:4:88 postgres_initdb: data-checksums takes no value',
        'hosts.yml:4:113 postgres_initdb: wal-segsize takes a power of 2 from 1 to 1024 (MB)',
      ],
    ],
    [
      'postgres_initdb: [{ encoding: utf-8 }, { locale: en_US.UTF-8 }, data-checksums, { wal-segsize: 64 }]',
      [],
    ],
  ])('%s', (vars, problems) => {
    expect(withVars(vars)).toEqual(problems);
  });
});

describe('parameters of PostgreSQL', () => {
  test.each([
    [
      'postgres_parameters: { wrok_mem: 4MB }',
      [
        'hosts.yml:4:38 postgres_parameters: PostgreSQL has no parameter wrok_mem -> did you mean "work_mem"?',
      ],
    ],
    [
      'postgres_parameters: { nonsense_of_mine: 1 }',
      [
        'hosts.yml:4:46 postgres_parameters: PostgreSQL has no parameter nonsense_of_mine -> a parameter of an extension has its name before a dot',
      ],
    ],
    [
      'postgres_parameters: { work_mem: lots, log_min_duration_statement: 5 apples, wal_level: minimal }',
      [
        'hosts.yml:4:38 postgres_parameters: work_mem: "lots" takes a number, alone or with one of B, kB, MB, GB, TB',
        'hosts.yml:4:72 postgres_parameters: log_min_duration_statement: "5 apples" takes a number, alone or with one of us, ms, s, min, h, d',
        'hosts.yml:4:93 postgres_parameters: wal_level: Patroni takes no less than replica',
      ],
    ],
    [
      'postgres_parameters: { work_mem: [1] }',
      ['hosts.yml:4:38 postgres_parameters: work_mem: [1] takes a text, a number, or on and off'],
    ],
    [
      'postgres_parameters: { max_wal_size: 20MB, superuser_reserved_connections: 200 }',
      [
        'hosts.yml:4:42 postgres_parameters: max_wal_size must be at least twice a WAL segment, 32MB',
        'hosts.yml:4:80 postgres_parameters: superuser_reserved_connections: of 100 connections, none is left for others',
      ],
    ],
    [
      'postgres_parameters: { max_wal_size: 100MB }\npostgres_initdb: [{ wal-segsize: 64 }]',
      ['hosts.yml:4:42 postgres_parameters: max_wal_size must be at least twice a WAL segment, 128MB'],
    ],
    [
      'postgres_parameters: { scram_iterations: 5000 }\npostgres_version: 15',
      [
        'hosts.yml:4:46 postgres_parameters: PostgreSQL 15 has no parameter scram_iterations -> it came with 16',
      ],
    ],
    [
      'postgres_parameters: { vacuum_defer_cleanup_age: 5 }\npostgres_version: 17',
      [
        'hosts.yml:4:54 postgres_parameters: PostgreSQL 17 has no parameter vacuum_defer_cleanup_age -> it went with 16',
      ],
    ],
    [
      'postgres_parameters: { unix_socket_directories: /tmp, hot_standby: "off", port: 5433, data_directory: /x }',
      [
        'hosts.yml:4:53 postgres_parameters: unix_socket_directories is not set here -> it is /var/run/postgresql, where the programs of the package look',
        'hosts.yml:4:72 postgres_parameters: hot_standby: Patroni keeps it on',
        'hosts.yml:4:85 postgres_parameters: port is not set here: use the variable postgres_port',
        'hosts.yml:4:107 postgres_parameters: data_directory is not set here -> it is the variable postgres_data_dir',
      ],
    ],
    [
      'postgres_parameters: { synchronous_standby_names: x, recovery_target_time: x, transaction_isolation: serializable }',
      [
        'hosts.yml:4:55 postgres_parameters: synchronous_standby_names is not set here -> Patroni sets it, by patroni_synchronous_mode',
        'hosts.yml:4:80 postgres_parameters: recovery_target_time is not set here -> Patroni recovers',
        'hosts.yml:4:106 postgres_parameters: transaction_isolation is no setting of a whole cluster',
      ],
    ],
    ['postgres_parameters: { io_method: worker }\npostgres_version: 18', []],
    [
      'postgres_parameters: { wrok_mem: 4MB }\npostgres_version: 18',
      [
        'hosts.yml:4:38 postgres_parameters: PostgreSQL 18 has no parameter wrok_mem -> did you mean "work_mem"?',
      ],
    ],
    [
      'postgres_parameters: { pg_stat_statements.max: 5000, auto_explain.log_min_duration: 5s, default_transaction_isolation: repeatable read }',
      [],
    ],
    [
      'postgres_parameters: { pg_stat_statements.: 5000 }',
      ['hosts.yml:4:49 postgres_parameters: pg_stat_statements. is no name of a parameter'],
    ],
  ])('%s', (vars, problems) => {
    expect(withVars(vars)).toEqual(problems);
  });
});

describe('settings of the DCS', () => {
  test.each([
    [
      'patroni_dcs_extra: { tttl: 30 }',
      ['hosts.yml:4:32 patroni_dcs_extra: Patroni has no setting tttl -> did you mean "ttl"?'],
    ],
    [
      'patroni_dcs_extra: { synchronous_mode: quorun, failsafe_mode: perhaps, maximum_lag_on_failover: 1MB }',
      [
        'hosts.yml:4:101 patroni_dcs_extra: maximum_lag_on_failover must be a number',
        'hosts.yml:4:44 patroni_dcs_extra: synchronous_mode must be true, false or quorum',
        'hosts.yml:4:67 patroni_dcs_extra: failsafe_mode must be true or false',
      ],
    ],
    [
      'patroni_dcs_extra: { postgresql: { parameters: { wrok_mem: 1 }, pg_hba: [x], use_slot: true } }',
      [
        'hosts.yml:4:77 patroni_dcs_extra: postgresql.pg_hba is not read from the DCS -> Patroni goes by the members’ own lines: postgres_hba_extra adds to them',
        'hosts.yml:4:92 patroni_dcs_extra: Patroni has no setting postgresql.use_slot -> did you mean "use_slots"?',
        'hosts.yml:4:64 patroni_dcs_extra: PostgreSQL has no parameter wrok_mem -> did you mean "work_mem"?',
      ],
    ],
    [
      'patroni_dcs_extra: { slots: { A: { type: physical }, b: { type: logical } } }',
      [
        'hosts.yml:4:38 patroni_dcs_extra: slots.A is no name of a slot: a-z, 0-9 and _, at most 63',
        'hosts.yml:4:61 patroni_dcs_extra: slots.b must have a database and a plugin: it is a logical slot',
      ],
    ],
    [
      'patroni_dcs_extra: { standby_cluster: { hots: a } }',
      [
        'hosts.yml:4:51 patroni_dcs_extra: Patroni has no setting standby_cluster.hots -> there are: archive_cleanup_command, create_replica_methods, host, port, primary_slot_name, recovery_min_apply_delay, restore_command',
      ],
    ],
    [
      'patroni_dcs_extra: { failsafe_mode: true, slots: { b: { type: logical, database: x, plugin: pgoutput } }, postgresql: { create_replica_methods: [wal_g], wal_g: { command: x } } }',
      [],
    ],
  ])('%s', (vars, problems) => {
    expect(withVars(vars)).toEqual(problems);
  });
});
