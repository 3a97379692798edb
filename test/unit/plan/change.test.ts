import { expect, test } from 'vitest';
import { needActive } from '../../../src/facts/unit.ts';
import { identify } from '../../../src/facts/need.ts';
import { outdate, predict } from '../../../src/plan/change.ts';

test('what a change writes is the fact that a need asks for, known ahead or not', () => {
  const need = needActive('etcd');
  const writes = [outdate(need), predict(need, [['active']])];
  expect(writes).toEqual([
    { kind: 'active', key: 'etcd.service' },
    { kind: 'active', key: 'etcd.service', records: [['active']] },
  ]);
  expect(writes.map(identify)).toEqual([identify(need), identify(need)]);
});
