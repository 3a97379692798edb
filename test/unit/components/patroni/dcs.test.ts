import { expect, test } from 'vitest';
import { dcsProblems } from '../../../../src/components/patroni/checks/dcs.ts';

test('settings that Patroni does not know, as in edit-config -s', () => {
  expect(dcsProblems({ tttl: 30 })).toEqual([
    { path: ['tttl'], message: 'Patroni has no setting tttl', hint: 'did you mean "ttl"?' },
  ]);
  expect(dcsProblems({ ttl: 5 })).toEqual([{ path: ['ttl'], message: 'ttl must be at least 20' }]);
});

test('null takes out what is there, whatever it is called', () => {
  expect(
    dcsProblems({ tttl: null, ttl: null, slots: { A: null }, postgresql: { parameters: { x: null } } }),
  ).toEqual([]);
});
