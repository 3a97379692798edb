import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { patchFor } from '../../../src/modules/patroni-config/patch.ts';

type Settings = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What Patroni makes of a PATCH (patroni/utils.py, patch_config): null deletes, maps merge, the rest replaces. */
function apply(config: Settings, patch: Settings): Settings {
  const patched: Record<string, unknown> = { ...config };
  for (const [key, value] of Object.entries(patch)) {
    const current = patched[key];
    if (value === null) Reflect.deleteProperty(patched, key);
    else patched[key] = isMap(value) && isMap(current) ? apply(current, value) : value;
  }
  return patched;
}

const plain = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom('1', 'on', '', 'replica'),
  fc.boolean(),
  fc.array(fc.constantFrom('host all all md5', 'local all all peer'), { maxLength: 2 }),
);

/** A configuration; `none` is what may stand for a key that is not to be there. */
function configuration(none: fc.Arbitrary<unknown>): fc.Arbitrary<Settings> {
  const { root } = fc.letrec<{ root: Settings; value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      plain,
      none,
      fc.dictionary(fc.constantFrom('a', 'parameters'), tie('value'), { noNullPrototype: true }),
    ),
    root: fc.dictionary(fc.constantFrom('a', 'ttl', 'postgresql'), tie('value'), {
      noNullPrototype: true,
    }),
  }));
  return root;
}
const actual = configuration(plain);
const wanted = configuration(fc.constant(null));

describe('the patch of a configuration', () => {
  test('makes it as wanted: nothing differs any more', () => {
    fc.assert(
      fc.property(wanted, actual, (goal, config) => {
        const patched = apply(config, patchFor(goal, config).patch);
        expect(patchFor(goal, patched)).toEqual({ patch: {}, inverse: {}, differences: [] });
      }),
      { numRuns: 1000 },
    );
  });

  test('and its inverse give the former configuration back', () => {
    fc.assert(
      fc.property(wanted, actual, (goal, config) => {
        const { patch, inverse } = patchFor(goal, config);
        expect(apply(apply(config, patch), inverse)).toEqual(config);
      }),
      { numRuns: 1000 },
    );
  });

  test('leaves other keys alone, but for parameters of PostgreSQL', () => {
    const config = { ttl: 30, postgresql: { use_slots: true, parameters: { a: 1, b: '2' } } };
    expect(patchFor({ postgresql: { parameters: { b: 2 } } }, config)).toEqual({
      patch: { postgresql: { parameters: { a: null } } },
      inverse: { postgresql: { parameters: { a: 1 } } },
      differences: [{ key: 'postgresql.parameters.a', before: '1', after: undefined }],
    });
    expect(patchFor({ postgresql: {} }, config).differences).toEqual([]);
    expect(patchFor({ postgresql: { parameters: {} } }, config).patch).toEqual({
      postgresql: { parameters: { a: null, b: null } },
    });
  });
});
