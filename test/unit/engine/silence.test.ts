import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { LocalLab } from './local.ts';

/** An API whose paths answer 503 until they, or another, were asked so many times. */
async function serve(answers: (asked: Readonly<Record<string, number>>, path: string) => boolean) {
  const asked: Record<string, number> = {};
  const server = createServer(({ url = '' }, response) => {
    asked[url] = (asked[url] ?? 0) + 1;
    response.writeHead(answers(asked, url) ? 200 : 503).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const play = (tasks: string) => `- hosts: all\n  gather_facts: false\n  tasks:\n${tasks}`;
const warnings = (outcome: Awaited<ReturnType<LocalLab['run']>>) =>
  outcome.of('warning').map(({ message }) => message);

test('what is silent may be about to answer: a run that holds the lock waits for it', async () => {
  const { asked, url } = await serve((count) => (count['/a'] ?? 0) > 2);
  const tasks = `    - { name: ask, uri: { url: '${url}/a' } }\n    - { name: write, copy: { dest: '{{dir}}/f', content: x } }`;
  const plan = await new LocalLab().run(play(tasks), { planOnly: true });
  expect(plan.error).toMatch(/answered 503/);
  expect(warnings(plan)).toEqual([]);
  expect(asked['/a']).toBe(1);

  const lab = new LocalLab();
  const run = await lab.run(play(tasks), { isLocked: true });
  expect(run.error).toBeUndefined();
  expect(lab.read('a', 'f')).toBe('x');
  expect(warnings(run)).toEqual([`a: ${url}/a answered 503, not 200: {}; waiting for up to 60 s for it`]);
  // The plan that was refused, two looks, and the one that goes with the task.
  expect(asked['/a']).toBeLessThan(6);
});

test('what is refused beside it is not waited with', async () => {
  const { asked, url } = await serve(() => false);
  const tasks = `    - { name: refuse, fail: { msg: stop }, when: 'eq inventory_hostname "b"' }\n    - { name: ask, uri: { url: '${url}/a' }, when: 'eq inventory_hostname "a"' }`;
  const run = await new LocalLab(['a', 'b']).run(play(tasks), { isLocked: true });
  expect(run.error).toMatch(/stop/);
  expect(warnings(run)).toEqual([]);
  expect(asked['/a']).toBe(1);
});

test.each([
  ['has come when it is first looked for', 1],
  ['was waited for', 2],
])('once something %s, what others say is asked for anew', async (_, comesAfter) => {
  const { url } = await serve(({ '/up': up = 0 }) => up > comesAfter);
  const run = await new LocalLab().run(
    play(`    - { name: up, uri: { url: '${url}/up' }, register: r, until: eq r.status 200, retries: 5, delay: 0 }
    - { name: ask, uri: { url: '${url}/other' } }`),
  );
  expect(run.error).toBeUndefined();
  expect(run.tasks).toEqual(['a up: ok', 'a ask: ok']);
});
