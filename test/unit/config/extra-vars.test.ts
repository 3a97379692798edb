import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseExtraVars } from '../../../src/config/extra-vars.ts';
import { Problems } from '../../../src/config/files.ts';
import { Scope } from '../../../src/vars/scope.ts';
import { folderOf, told } from '../support.ts';

function given(...args: readonly string[]) {
  const problems = new Problems();
  const scope = new Scope([parseExtraVars(args, problems)]);
  return {
    values: Object.fromEntries([...scope.names()].map((name) => [name, scope.get(name)])),
    problems: told(problems.list),
  };
}

describe('-e', () => {
  test.each([
    [['port=5432'], { port: '5432' }],
    [['a=1 b=two'], { a: '1', b: 'two' }],
    [['a="two words" b=\'it is\''], { a: 'two words', b: 'it is' }],
    [['a="say \\"hi\\" \\\\"'], { a: 'say "hi" \\' }],
    [['url=http://x/?a=b'], { url: 'http://x/?a=b' }],
    [['a='], { a: '' }],
    [['{"port": 5432, "on": true}'], { port: 5432, on: true }],
    [['port: 5432'], { port: 5432 }],
    [['{port: 5432, list: [a]}'], { port: 5432, list: ['a'] }],
    [['a=1', 'a=2'], { a: '2' }],
    [['a=1', '{"a": {"b": 1}}'], { a: { b: 1 } }],
    [['base=/srv full={{base}}/x'], { base: '/srv', full: '/srv/x' }],
  ])('%j', (args, values) => {
    expect(given(...args)).toEqual({ values, problems: [] });
  });

  test('@file is a file of variables', () => {
    const folder = folderOf({ 'more.yml': 'port: 5432\nmode: 0644\n' });
    expect(given('a=1', `@${join(folder, 'more.yml')}`)).toEqual({
      values: { a: '1', port: 5432, mode: 420 },
      problems: [],
    });
  });

  test('all that is wrong is told, with its place in the argument', () => {
    expect(given('a=1 b 2x=3', '[1]', '{"a": ', '@/gone/x.yml').problems).toEqual([
      '-e:1:5 "b" is not name=value',
      '-e:1:7 "2x=3" is not name=value',
      '-e: expected a map of variables',
      expect.stringMatching(/^-e:1:\d+ /),
      '/gone/x.yml: there is no such file',
    ]);
  });
});
