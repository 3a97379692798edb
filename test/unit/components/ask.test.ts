import { expect, test } from 'vitest';
import { Ask, reach } from '../../../src/components/ask.ts';
import { UnreachableError } from '../../../src/core/errors.ts';
import { FakeFleet } from '../fake-fleet.ts';

const lost = new UnreachableError('b is lost');
const away = new UnreachableError('c: no route');

/** a answers, b is lost as it is asked, c could not be connected to, d is not in the run. */
const loses = (host: string) => {
  if (host !== 'a') throw lost;
};
const fleet = new FakeFleet({
  has: (host) => ['a', 'b'].includes(host),
  run: (host) => {
    loses(host);
    return { stdout: 'hello' };
  },
  http: (host) => {
    loses(host);
    return { answered: true, status: 200, body: '' };
  },
});
fleet.unreachable.set('c', away);

const request = { address: '10.0.0.1', port: 1, method: 'GET', path: '/' } as const;

test.each([
  ['a', { answered: true, status: 200, body: '' }, { status: 0, stdout: 'hello', stderr: '' }],
  ['b', { answered: false, reason: 'b is lost' }, { status: 1, stdout: '', stderr: 'b is lost' }],
  ['c', { answered: false, reason: 'c: no route' }, { status: 1, stdout: '', stderr: 'c: no route' }],
  ['d', { answered: false, reason: 'not reachable' }, { status: 1, stdout: '', stderr: 'not reachable' }],
])('what %s says, or why it says nothing', async (host, answer, output) => {
  expect(await new Ask(fleet).http(host, request)).toEqual(answer);
  expect(await new Ask(fleet).run(host, 'true')).toMatchObject(output);
});

test('what else goes wrong is no silence', async () => {
  const fail = () => Promise.reject(new Error('a bug'));
  await expect(reach(fleet, 'a', fail, () => 'gone')).rejects.toThrow('a bug');
});
