import { describe, expect, test } from 'vitest';
import { parseYaml } from '../../../src/config/yaml.ts';
import { entryOf, scalarsOf, toData } from '../../../src/core/node.ts';
import { formatPlace } from '../../../src/core/source.ts';
import { nodeOf, told } from '../support.ts';

const problemsOf = (text: string): string[] => told(parseYaml({ path: 't.yml', text }).diagnostics);

describe('scalars', () => {
  test('keep the text they were written with', () => {
    const root = nodeOf('mode: 0644\nversion: 1.10\nflag: yes');
    expect([...scalarsOf(root)].map(({ text, value }) => [text, value])).toEqual([
      ['0644', 420],
      ['1.10', 1.1],
      ['yes', true],
    ]);
  });

  test('in quotes, in a block or with !!str are text', () => {
    const text = `a: '1'\nb: "yes"\nc: !!str 0640\nd: |\n  12\ne: >-\n  true\nf: ! 7\n`;
    expect(toData(nodeOf(text))).toEqual({ a: '1', b: 'yes', c: '0640', d: '12\n', e: 'true', f: '7' });
  });

  test('marked !unsafe are never rendered', () => {
    const root = nodeOf('a: !unsafe "{{x}}"\nb: "{{x}}"');
    expect([...scalarsOf(root)].map(({ verbatim }) => verbatim)).toEqual([true, false]);
  });
});

describe('maps and lists', () => {
  test('a merged map gives what the map does not have itself; of several the first wins', () => {
    const text = `
base: &base { a: 1, b: 1 }
other: &other { b: 2, c: 2, d: 2 }
own: { <<: [*base, *other], d: 3 }`;
    const own = entryOf(nodeOf(text), 'own')?.value;
    expect(own && toData(own)).toEqual({ a: 1, b: 1, c: 2, d: 3 });
  });

  test('an alias stands for its anchor', () => {
    expect(toData(nodeOf('a: &x [1, 2]\nb: *x'))).toEqual({ a: [1, 2], b: [1, 2] });
  });

  test('keys are text, whatever they look like', () => {
    expect(toData(nodeOf('80: http\nyes: on\nnull: x'))).toEqual({ '80': 'http', yes: true, null: 'x' });
  });

  test('an entry knows where its key and its value stand', () => {
    const entry = entryOf(entryOf(nodeOf('all:\n  vars: { port: 5432 }'), 'all')?.value, 'vars');
    expect(entry && [formatPlace(entry.keyRange), formatPlace(entry.value.range)]).toEqual([
      't.yml:2:3',
      't.yml:2:9',
    ]);
  });
});

describe('what is refused, with its place', () => {
  test.each([
    ['a key given twice', 'a: 1\nb: 2\na: 3', ['t.yml:3:1 "a" is given twice -> only one of them can hold']],
    ['an unknown anchor', 'a: *nobody', ['t.yml:1:4 no anchor &nobody before this']],
    ['an alias within its own anchor', 'a: &a [*a]', ['t.yml:1:8 an alias that contains itself']],
    ['a merge of what is no map', 'a: { <<: 1 }', ['t.yml:1:10 only a map can be merged']],
    ['a map as a key', '{ [1]: 2 }', ['t.yml:1:3 a key must be plain text']],
    [
      'Ansible Vault',
      'a: !vault |\n  $ANSIBLE',
      [
        't.yml:1:11 its format is ;: there are 1.1;AES256 and 1.2;AES256 -> give the password with --vault-password-file, --vault-id or --ask-vault-pass',
      ],
    ],
    ['an unknown tag', 'a: !env HOME', ['t.yml:1:9 the tag !env is not known']],
    [
      '!unsafe on a list',
      'a: !unsafe [x]',
      ['t.yml:1:12 the tag !unsafe is not known on a list or a map -> put it on the texts in it'],
    ],
    [
      'a second document',
      'a: 1\n---\nb: 2',
      ['t.yml:2:1 a second document in one file -> put it into a file of its own'],
    ],
    [
      'several things at once',
      'a: *x\nb: !env y\nb: 1',
      [
        't.yml:1:4 no anchor &x before this',
        't.yml:2:9 the tag !env is not known',
        't.yml:3:1 "b" is given twice -> only one of them can hold',
      ],
    ],
  ])('%s', (_, text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  test('broken syntax is told with its line', () => {
    expect(problemsOf('a:\n  - b\n c: d\n').join('\n')).toMatch(/^t\.yml:3:/);
  });

  test('nesting beyond reason', () => {
    expect(problemsOf('['.repeat(150) + ']'.repeat(150))).toHaveLength(1);
  });

  test('an alias bomb neither hangs nor passes for data of its full size', { timeout: 10_000 }, () => {
    const levels = Array.from({ length: 4 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}]`);
    expect(toData(nodeOf(['a0: &a0 x', ...levels].join('\n')))).toHaveProperty('a4');
  });
});

test.each(['', '# only a comment\n', '---\n'])('%j is empty', (text) => {
  expect(parseYaml({ path: 't.yml', text })).toEqual({ root: undefined, diagnostics: [] });
});
