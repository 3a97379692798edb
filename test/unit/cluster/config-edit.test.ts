import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  changesBetween,
  combinePatches,
  patchBetween,
  patchOfSetting,
  planEdit,
} from '../../../src/cluster/operations/config-edit.ts';
import { applyPatch } from '../../../src/modules/patroni-config/patch.ts';
import { timingProblems } from '../../../src/cluster/timing.ts';
import { refused, settings, topology, view } from './support.ts';

const config = { ttl: 30, postgresql: { use_slots: true, parameters: { work_mem: '4MB' } } };

describe('settings', () => {
  it.each([
    ['ttl', { ttl: 1 }],
    ['postgresql.use_slots', { postgresql: { use_slots: 1 } }],
    [
      'postgresql.parameters.pg_stat_statements.max',
      { postgresql: { parameters: { 'pg_stat_statements.max': 1 } } },
    ],
  ])('%s', (path, patch) => {
    expect(patchOfSetting(path, 1)).toEqual(patch);
  });

  it('are merged as Patroni does', () => {
    expect(
      applyPatch(config, {
        ttl: null,
        postgresql: { parameters: { work_mem: null, jit: 'off' } },
        pause: true,
      }),
    ).toEqual({
      postgresql: { use_slots: true, parameters: { jit: 'off' } },
      pause: true,
    });
  });

  it('of two patches: the second is the stronger, and both delete', () => {
    expect(combinePatches({ ttl: null, a: { b: 1, c: null } }, { a: { b: null } })).toEqual({
      ttl: null,
      a: { b: null, c: null },
    });
  });

  it('are shown one by one', () => {
    expect(
      changesBetween(config, {
        ttl: 40,
        postgresql: { use_slots: true, parameters: {} },
        slots: { s: { type: 'physical' } },
      }),
    ).toEqual([
      { key: 'ttl', before: '30', after: '40' },
      { key: 'postgresql.parameters.work_mem', before: '"4MB"' },
      { key: 'slots.s.type', after: '"physical"' },
    ]);
    expect(changesBetween({ a: 1 }, { a: { b: 2 } })).toEqual([
      { key: 'a.b', after: '2' },
      { key: 'a', before: '1' },
    ]);
  });

  it('the patch between two configurations makes one the other', () => {
    const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer()));
    const map = fc.dictionary(fc.constantFrom('a', 'b', 'c'), leaf, { maxKeys: 3 });
    const settings = fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.oneof(leaf, map), { maxKeys: 3 });
    fc.assert(
      fc.property(settings, settings, (before, after) => {
        // An empty map in place of nothing is no setting.
        expect(changesBetween(applyPatch(before, patchBetween(before, after)), after)).toEqual([]);
      }),
    );
  });
});

describe('the plan of an edit', () => {
  it('shows what differs, and what the inventory will set back', () => {
    const plan = planEdit(view({ config }), topology, { ttl: 40, loop_wait: 10 });
    expect(plan.changes).toEqual([
      { key: 'ttl', before: '30', after: '40' },
      { key: 'loop_wait', after: '10' },
    ]);
    expect(plan.notes).toEqual([
      'the inventory has ttl 30: unless it is changed there too, the next drover provision sets it back',
    ]);
    expect(plan.steps).toEqual([{ what: '2 settings change in the DCS, for all members' }]);
  });

  it('does nothing for what is so already', () => {
    expect(planEdit(view({ config }), topology, { ttl: 30, missing: null })).toMatchObject({
      steps: [],
      changes: [],
    });
  });

  it('asks before what works at once', () => {
    expect(
      planEdit(view({ config }), topology, { synchronous_mode_strict: true }).steps[0]?.disrupts,
    ).toMatch(/writes wait/);
  });

  it('asks before Patroni drops logical slots that its new list does not have', () => {
    const slot = { database: 'app', plugin: 'pgoutput', failover: false, synced: false };
    const slots = {
      ofLeader: [
        { ...slot, name: 'cdc' },
        { ...slot, name: 'old' },
      ],
      ready: new Map(),
    };
    const listed = { slots: { cdc: { type: 'logical', database: 'app', plugin: 'pgoutput' } } };
    const { steps, notes } = planEdit(view({ config }), topology, listed, { slots });
    expect(steps[0]?.disrupts).toBe('the cluster: the logical slot old may be lost');
    expect(notes.at(-1)).toMatch(/^to keep the logical slot old: patroni_dcs_extra: \{ slots: \{ old: /);
    expect(planEdit(view({ config }), topology, { ttl: 40 }, { slots }).steps[0]?.disrupts).toBeUndefined();

    const ignoring = { ...config, ignore_slots: [{ name: 'old' }] };
    const other = { ignore_slots: [{ name: 'cdc' }] };
    expect(planEdit(view({ config: ignoring }), topology, other, { slots }).steps[0]?.disrupts).toBe(
      'the cluster: the logical slot old may be lost',
    );
    expect(planEdit(view({ config }), topology, other, { slots }).steps[0]?.disrupts).toBeUndefined();
  });

  it('refuses where there is no configuration', () => {
    expect(refused(planEdit(view({ config: undefined }), topology, { ttl: 40 }))).toEqual([
      'there is no configuration in the DCS',
    ]);
  });

  it('refuses what PostgreSQL would not take', () => {
    const patch = { postgresql: { parameters: { max_connections: 'many' } } };
    expect(() =>
      planEdit(view({ config }), topology, patch, { running: settings({ max_connections: 100 }) }),
    ).toThrow(/max_connections: "many" takes a number/);
    expect(planEdit(view({ config }), topology, patch).steps).toHaveLength(1);
  });

  it('enforces the rules of timing', () => {
    expect(() => planEdit(view({ config }), topology, { ttl: 20 })).toThrow(
      /loop_wait \+ 2 x retry_timeout is 30 s, more than ttl \(20 s\)/,
    );
  });
});

describe('timing', () => {
  const automatic = { mode: 'automatic', margin: 5, timeout: 25 };
  it.each([
    { settings: {}, problems: [] },
    {
      settings: { ttl: 19, loop_wait: 0, retry_timeout: 2 },
      problems: [
        'ttl must be at least 20 s',
        'loop_wait must be at least 1 s',
        'retry_timeout must be at least 3 s',
      ],
    },
    { settings: { ttl: 'long' }, problems: ['ttl must be a number of seconds'] },
    {
      settings: { ttl: 24, loop_wait: 4, retry_timeout: 10 },
      watchdog: { mode: 'required', margin: 8, timeout: 16 },
      problems: ['the watchdog’s timeout (16 s) leaves 2 s beyond loop_wait + retry_timeout; it takes 5 s'],
    },
    {
      settings: { ttl: 24, loop_wait: 4, retry_timeout: 10 },
      watchdog: { mode: 'off', margin: 8, timeout: 16 },
      problems: [],
    },
    {
      settings: { ttl: 24, loop_wait: 4, retry_timeout: 10 },
      watchdog: { mode: 'required', margin: -1, timeout: 12 },
      problems: [],
    },
  ])('$settings', ({ settings, watchdog = automatic, problems }) => {
    expect(timingProblems(settings, watchdog).map((text) => text.replace("'", '’'))).toEqual(problems);
  });
});
