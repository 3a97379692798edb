import { expect, test } from 'vitest';
import { Ask, reach } from '../../../src/components/ask.ts';
import { UnreachableError } from '../../../src/core/errors.ts';
import type { Fleet } from '../../../src/engine/hosts/fleet.ts';

const lost = new UnreachableError('b is lost');
const away = new UnreachableError('c: no route');

/** a answers, b is lost as it is asked, c could not be connected to, d is not in the run. */
const fleet = {
  unreachable: new Map([['c', away]]),
  has: (host: string) => ['a', 'b'].includes(host),
  get: (name: string) => ({
    name,
    run: () =>
      name === 'a' ? Promise.resolve({ status: 0, stdout: 'hello', stderr: '' }) : Promise.reject(lost),
  }),
  http: ({ name }: { name: string }) =>
    name === 'a' ? Promise.resolve({ answered: true, status: 200, body: '' }) : Promise.reject(lost),
} as unknown as Fleet;

const request = { address: '10.0.0.1', port: 1, method: 'GET', path: '/' } as const;

test.each([
  ['a', { answered: true, status: 200, body: '' }, { status: 0, stdout: 'hello', stderr: '' }],
  ['b', { answered: false, reason: 'b is lost' }, { status: 1, stdout: '', stderr: 'b is lost' }],
  ['c', { answered: false, reason: 'c: no route' }, { status: 1, stdout: '', stderr: 'c: no route' }],
  ['d', { answered: false, reason: 'not reachable' }, { status: 1, stdout: '', stderr: 'not reachable' }],
])('what %s says, or why it says nothing', async (host, answer, output) => {
  expect(await new Ask(fleet).http(host, request)).toEqual(answer);
  expect(await new Ask(fleet).run(host, 'true')).toEqual(output);
});

test('what else goes wrong is no silence', async () => {
  const fail = () => Promise.reject(new Error('a bug'));
  await expect(reach(fleet, 'a', fail, () => 'gone')).rejects.toThrow('a bug');
});
