import { expect, it } from 'vitest';
import { refuseSplit } from '../../../src/actions/split.ts';
import type { HttpAnswer } from '../../../src/clients/http.ts';

const asked: string[] = [];
/** Answers for members of these roles; who is a primary holds the lock where it says `leader`. */
const cluster = (roles: Readonly<Record<string, 'leader' | 'primary' | 'replica' | 'silent'>>) =>
  refuseSplit(Object.keys(roles), (name, path): Promise<HttpAnswer> => {
    asked.push(`${name} ${path}`);
    const role = roles[name];
    if (role === 'silent') return Promise.resolve({ answered: false, reason: 'refused' });
    const patroni = { version: '4', scope: 'x' };
    const body =
      path === '/cluster'
        ? { members: [], pause: true }
        : { state: 'running', role: role === 'leader' ? 'primary' : role, timeline: 2, patroni };
    const status = path === '/leader' && role !== 'leader' ? 503 : 200;
    return Promise.resolve({ answered: true, status, body: JSON.stringify(body) });
  });

it('one leader, or none, is no reason to refuse a run, and one question a member tells', async () => {
  await cluster({ n1: 'leader', n2: 'replica', n3: 'silent' });
  await cluster({ n1: 'silent', n2: 'silent' });
  expect(asked).toEqual(['n1 /patroni', 'n2 /patroni', 'n3 /patroni', 'n1 /patroni', 'n2 /patroni']);
});

it('two are', async () => {
  await expect(cluster({ n1: 'leader', n2: 'primary' })).rejects.toMatchObject({
    exitCode: 7,
    message: 'n1 (timeline 2, with the leader’s lock) and n2 (timeline 2, without it) both take writes',
    hint: expect.stringMatching(/^drover reinit n2 .* paused/) as unknown,
  });
});
