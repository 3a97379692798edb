import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringifyYaml } from '../../../src/config/write-yaml.ts';
import { parseYaml } from '../../../src/config/yaml.ts';
import { toData, type Data } from '../../../src/core/node.ts';
import { told } from '../support.ts';

describe('stringifyYaml', () => {
  const looksLikeOther = fc.constantFrom(
    ...['yes', 'n', 'off', '~', 'null', '0640', '0o7', '1_0', '1:30', '1e3', '1.5e+3', '.5', '.inf', '0x1f'],
    ...['2026-11-21', '', ' ', 'a: b', '- a', '#', 'a #b', '{{x}}', '{a', '[', '*a', '&a', '!a', '|', '>'],
    ...[
      '%a',
      '@a',
      '`',
      '"',
      "'",
      'a\nb',
      'a\n',
      '\n',
      ' a',
      'a ',
      '\ta',
      '---',
      '...',
      '<<',
      '=',
      '?',
      '\\',
    ],
  );
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), looksLikeOther);
  const { tree } = fc.letrec<{ tree: Data }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true })),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(text, tie('tree'), { maxKeys: 4 }),
    ),
  }));
  const root = fc.dictionary(text, tree, { minKeys: 1, maxKeys: 5 });

  test('reads back the same', () => {
    fc.assert(
      fc.property(root, (data) => {
        const source = stringifyYaml(data);
        const read = parseYaml({ path: 't.yml', text: source });
        expect(told(read.diagnostics)).toEqual([]);
        expect(read.root && toData(read.root)).toEqual(JSON.parse(JSON.stringify(data)));
      }),
      { numRuns: 500 },
    );
  });
});
