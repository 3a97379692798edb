import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  directions,
  hasValue,
  needsRestart,
  parseSettings,
  problemsOf,
  readSetting,
  settingsQuery,
  withFallbacks,
  type PgSetting,
  type PgSettings,
} from '../../../src/clients/pg-settings.ts';

const nothing = {
  own: null,
  setting: null,
  unit: null,
  vartype: null,
  context: null,
  min_val: null,
  max_val: null,
  enumvals: null,
  fallback: null,
  written: false,
};

function integer(setting: string, unit: string | null, least: number, most: number): Partial<PgSetting> {
  return { setting, unit, vartype: 'integer', min_val: String(least), max_val: String(most) };
}

const choice = (setting: string, ...enumvals: string[]): Partial<PgSetting> => ({
  setting,
  vartype: 'enum',
  enumvals,
});

/** As pg_settings of PostgreSQL 16 has them. */
const server: Readonly<Record<string, Partial<PgSetting>>> = {
  max_connections: { ...integer('100', null, 1, 262143), context: 'postmaster' },
  max_worker_processes: { ...integer('8', null, 0, 262143), context: 'postmaster' },
  max_wal_senders: { ...integer('10', null, 0, 262143), context: 'postmaster' },
  max_prepared_transactions: { ...integer('0', null, 0, 262143), context: 'postmaster' },
  shared_buffers: { ...integer('16384', '8kB', 16, 1073741823), context: 'postmaster' },
  wal_keep_size: { ...integer('128', 'MB', 0, 2147483647), context: 'sighup' },
  work_mem: { ...integer('4096', 'kB', 64, 2147483647), context: 'user' },
  temp_file_limit: { ...integer('-1', 'kB', -1, 2147483647), context: 'superuser' },
  track_activity_query_size: { ...integer('1024', 'B', 100, 1048576), context: 'postmaster' },
  checkpoint_timeout: { ...integer('300', 's', 30, 86400), context: 'sighup' },
  log_rotation_age: { ...integer('1440', 'min', 0, 35791394), context: 'sighup' },
  statement_timeout: { ...integer('0', 'ms', 0, 2147483647), context: 'user' },
  vacuum_cost_delay: {
    setting: '0',
    unit: 'ms',
    vartype: 'real',
    context: 'user',
    min_val: '0',
    max_val: '100',
  },
  random_page_cost: {
    setting: '4',
    vartype: 'real',
    context: 'user',
    min_val: '0',
    max_val: '1.79769e+308',
  },
  hot_standby: { setting: 'on', vartype: 'bool', context: 'postmaster' },
  wal_level: { ...choice('replica', 'minimal', 'replica', 'logical'), context: 'postmaster' },
  synchronous_commit: {
    ...choice('on', 'local', 'remote_write', 'remote_apply', 'on', 'off'),
    context: 'user',
  },
  log_line_prefix: { setting: '%m [%p] ', vartype: 'string', context: 'sighup' },
  TimeZone: { setting: 'Etc/UTC', vartype: 'string', context: 'user' },
  timezone: { own: 'TimeZone', setting: 'Etc/UTC', vartype: 'string', context: 'user' },
  Max_Connections: { own: 'max_connections', ...integer('100', null, 1, 262143), context: 'postmaster' },
  block_size: { ...integer('8192', null, 8192, 8192), context: 'internal' },
  'pg_cron.database': {},
  shared_bufers: {},
};

const settings: PgSettings = {
  byName: new Map(
    Object.entries(server).map(([name, own]) => [
      name,
      { ...nothing, name, own: own.vartype === undefined ? null : name, ...own },
    ]),
  ),
  known: [],
};

function of(name: string): PgSetting {
  const found = settings.byName.get(name);
  if (!found) throw new Error(`no ${name}`);
  return found;
}

describe('a value is read as PostgreSQL reads it', () => {
  test.each<[string, unknown, string | number]>([
    ['max_connections', 100, 100],
    ['max_connections', ' 100 ', 100],
    ['max_connections', '1e2', 100],
    ['max_connections', '100.4', 100],
    ['max_connections', 2.5, 2],
    ['max_connections', 3.5, 4],
    ['shared_buffers', 16384, 16384],
    ['shared_buffers', '128MB', 16384],
    ['shared_buffers', '128 MB', 16384],
    ['shared_buffers', '131072kB', 16384],
    ['shared_buffers', '1TB', 134217728],
    ['shared_buffers', '1.5GB', 196608],
    // 30822MB: first to whole megabytes, then to blocks.
    ['shared_buffers', '30.1GB', 3945216],
    // 12.5 blocks.
    ['shared_buffers', '204kB', 26],
    ['shared_buffers', '1700kB', 212],
    ['work_mem', '0.5MB', 512],
    ['track_activity_query_size', '1kB', 1024],
    ['temp_file_limit', -1, -1],
    ['checkpoint_timeout', '5min', 300],
    ['checkpoint_timeout', '1d', 86400],
    ['checkpoint_timeout', '30000ms', 30],
    ['log_rotation_age', '1d', 1440],
    ['log_rotation_age', '90s', 2],
    ['statement_timeout', '1.5s', 1500],
    ['statement_timeout', '2500us', 2],
    ['vacuum_cost_delay', '500us', 0.5],
    ['vacuum_cost_delay', 1.25, 1.25],
    ['random_page_cost', '1.1', 1.1],
    ['random_page_cost', '+.5', 0.5],
    ['hot_standby', true, 'on'],
    ['hot_standby', 'F', 'off'],
    ['hot_standby', 'ye', 'on'],
    ['hot_standby', 1, 'on'],
    ['hot_standby', 'OFF', 'off'],
    ['wal_level', 'Logical', 'logical'],
    ['synchronous_commit', true, 'on'],
    ['synchronous_commit', 'no', 'off'],
    ['synchronous_commit', 'remote_apply', 'remote_apply'],
    ['log_line_prefix', ' %m ', ' %m '],
    ['log_line_prefix', 5, '5'],
  ])('%s: %j is %j', (name, value, read) => {
    expect(readSetting(of(name), value)).toEqual({ value: read });
  });

  test.each<[string, unknown, string]>([
    ['max_connections', 'many', 'takes a number'],
    ['max_connections', '100MB', 'takes a number without a unit'],
    ['max_connections', 0, 'is outside of 1 to 262143'],
    ['max_connections', '1 0', 'takes a number'],
    ['max_connections', '', 'takes a number'],
    ['max_connections', [100], 'takes a text, a number, or on and off'],
    ['max_connections', { a: 1 }, 'takes a text, a number, or on and off'],
    ['shared_buffers', '128mb', 'takes a number, alone or with one of B, kB, MB, GB, TB'],
    ['shared_buffers', '5min', 'takes a number, alone or with one of B, kB, MB, GB, TB'],
    ['shared_buffers', '64kB', 'is outside of 16 to 1073741823 (in units of 8kB)'],
    ['checkpoint_timeout', '2d', 'is outside of 30 to 86400 (in units of s)'],
    ['checkpoint_timeout', '5m', 'takes a number, alone or with one of us, ms, s, min, h, d'],
    ['hot_standby', 'o', 'takes on or off'],
    ['hot_standby', 'enabled', 'takes on or off'],
    ['hot_standby', 2, 'takes on or off'],
    ['wal_level', 'all', 'takes one of minimal, replica, logical'],
    ['wal_level', true, 'takes one of minimal, replica, logical'],
  ])('%s: %j %s', (name, value, problem) => {
    expect(readSetting(of(name), value)).toEqual({ problem });
  });

  test('memory is the same in every unit that it is whole in', () => {
    const units = ['kB', 'MB', 'GB'];
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.constantFrom(0, 1), (count, index) => {
        const inUnit = readSetting(of('shared_buffers'), `${count * 1024}${units[index] ?? ''}`);
        expect(inUnit).toEqual(readSetting(of('shared_buffers'), `${count}${units[index + 1] ?? ''}`));
      }),
    );
  });

  test('what the server shows reads as what it has', () => {
    for (const setting of settings.byName.values()) {
      if (setting.setting === null) continue;
      const read = readSetting(setting, setting.setting);
      expect('value' in read && hasValue(setting, read.value), setting.name).toBe(true);
    }
  });
});

describe('the running server', () => {
  test.each<[string, string | number, boolean]>([
    ['shared_buffers', 16384, true],
    ['shared_buffers', 16385, false],
    ['vacuum_cost_delay', 0, true],
    ['hot_standby', 'on', true],
    ['hot_standby', 'off', false],
    ['pg_cron.database', 'x', false],
  ])('has %s %j: %j', (name, value, has) => {
    expect(hasValue(of(name), value)).toBe(has);
  });

  test('restarts for what is of the postmaster only', () => {
    const names = [...settings.byName.values()].filter(needsRestart).map(({ name }) => name);
    expect(names).toContain('shared_buffers');
    expect(names).not.toContain('wal_keep_size');
    expect(names).not.toContain('work_mem');
  });
});

describe('directions', () => {
  test.each<[Record<string, unknown>, string[], string[]]>([
    [{}, [], []],
    [{ max_connections: 100, max_worker_processes: '8' }, [], []],
    [{ max_connections: '200', max_wal_senders: 20 }, ['max_connections', 'max_wal_senders'], []],
    [{ max_connections: 200, max_wal_senders: 5 }, ['max_connections'], ['max_wal_senders']],
    [{ max_prepared_transactions: 9, max_connections: null }, ['max_prepared_transactions'], []],
    // A standby does not look at these.
    [{ shared_buffers: '1GB', work_mem: 64 }, [], []],
    // Told elsewhere.
    [{ max_connections: 'many' }, [], []],
  ])('of %j: up %j, down %j', (wanted, up, down) => {
    expect(directions(settings, wanted)).toEqual({ up, down });
  });
});

describe('what is wanted in the end', () => {
  const effective = (wanted: Record<string, unknown>, own: Record<string, Partial<PgSetting>> = {}) => {
    const byName = new Map(Object.entries(own).map(([name, more]) => [name, { ...of(name), ...more }]));
    return withFallbacks({ byName, known: [] }, wanted);
  };

  test('is what Patroni always sets where nothing else is given', () => {
    expect(effective({})).toMatchObject({ max_connections: '100', max_worker_processes: '8' });
    expect(effective({ max_connections: 200 })).toMatchObject({ max_connections: 200 });
    expect(effective({ max_connections: null })).toMatchObject({ max_connections: '100' });
  });

  test('is what a parameter falls back to that stands in the file and needs a restart', () => {
    const shared_buffers = { written: true, fallback: '128MB' };
    expect(effective({}, { shared_buffers })).toMatchObject({ shared_buffers: '128MB' });
    expect(effective({ shared_buffers: null }, { shared_buffers })).toMatchObject({
      shared_buffers: '128MB',
    });
    expect(effective({ shared_buffers: '1GB' }, { shared_buffers })).toMatchObject({ shared_buffers: '1GB' });
    expect(effective({}, { shared_buffers: { ...shared_buffers, written: false } })).not.toHaveProperty(
      'shared_buffers',
    );
    expect(effective({}, { work_mem: shared_buffers })).not.toHaveProperty('work_mem');
    expect(effective({}, { wal_level: shared_buffers })).not.toHaveProperty('wal_level');
  });
});

describe('problems', () => {
  test.each<[Record<string, unknown>, string[]]>([
    [{ max_connections: 100, shared_buffers: '1GB', hot_standby: false }, []],
    [{ max_connections: null, not_asked: 5 }, []],
    [{ 'pg_cron.database': 'x' }, []],
    [{ shared_bufers: '1GB' }, ['PostgreSQL has no parameter shared_bufers']],
    [{ TimeZone: 'UTC' }, []],
    [{ timezone: 'UTC' }, []],
    [{ Max_Connections: 200 }, ['Max_Connections is written max_connections']],
    [{ block_size: 8192 }, ['block_size can only be read']],
    [{ port: 5433 }, ['port is not set here: use the variable postgres_port']],
    [{ listen_addresses: '*' }, ['listen_addresses is not set here: use the variable postgres_listen']],
    [{ cluster_name: 'x' }, ['cluster_name is not set here: use the variable cluster_name']],
    [{ max_connections: 24 }, ['max_connections: Patroni takes no less than 25']],
    [{ max_connections: 25 }, []],
    [{ wal_keep_size: '15MB' }, ['wal_keep_size: Patroni takes no less than 16']],
    [{ wal_keep_size: '1GB' }, []],
    [{ wal_level: 'minimal' }, ['wal_level: Patroni takes no less than replica']],
    [{ wal_level: 'logical' }, []],
    [
      { shared_buffers: 'x', max_connections: 0 },
      [
        'shared_buffers: "x" takes a number, alone or with one of B, kB, MB, GB, TB',
        'max_connections: 0 is outside of 1 to 262143',
      ],
    ],
  ])('of %j', (wanted, problems) => {
    expect(problemsOf(settings, wanted)).toEqual(problems);
  });
});

describe('the query', () => {
  test('holds names as text, whatever they hold', () => {
    expect(settingsQuery(["a'b", 'port'])).toContain("ARRAY['a''b', 'port']::text[]");
    expect(settingsQuery([])).toContain('ARRAY[]::text[]');
  });

  test('answers with settings by name, and with all names where one is not there', () => {
    const row = { ...nothing, name: 'port', own: 'port', setting: '5432', known: [] };
    const unknown = { ...nothing, name: 'prot', known: ['port'] };
    const parsed = parseSettings({ answered: true, rows: [row, unknown] });
    expect(parsed?.byName.get('port')).toEqual({ ...nothing, name: 'port', own: 'port', setting: '5432' });
    expect(parsed?.known).toEqual(['port']);
    expect(parseSettings({ answered: false, reason: 'starting up' })).toBeUndefined();
  });
});
