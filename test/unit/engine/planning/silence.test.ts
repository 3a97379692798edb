import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { LocalLab } from '../local.ts';

type Asked = Readonly<Record<string, number>>;

/** An API that answers each path with a status, by how often each was asked; its body tells how often. */
async function serve(statusOf: (asked: Asked, path: string) => number) {
  const asked: Record<string, number> = {};
  const server = createServer(({ url = '' }, response) => {
    asked[url] = (asked[url] ?? 0) + 1;
    response.writeHead(statusOf(asked, url)).end(String(asked[url]));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const upAfter = (times: number) => (asked: Asked, path: string) => ((asked[path] ?? 0) > times ? 200 : 503);
const play = (...tasks: string[]) =>
  `- hosts: all\n  gather_facts: false\n  tasks:\n${tasks.map((task) => `    - ${task}\n`).join('')}`;
const write = "{ name: write, copy: { dest: '{{dir}}/f', content: 'of {{r.content}}' } }";
const told = (outcome: Awaited<ReturnType<LocalLab['run']>>) => ({
  warnings: outcome.of('warning').map(({ message }) => message),
  waits: outcome.of('wait').map(({ host, what }) => `${host} ${what}`),
});

test('what is silent may be about to answer: a run that holds the lock waits for it', async () => {
  const { asked, url } = await serve(upAfter(2));
  const tasks = play(`{ name: ask, uri: { url: '${url}/a' }, register: r }`, write);
  const plan = await new LocalLab().run(tasks, { planOnly: true });
  expect(plan.error).toMatch(/answered 503/);
  expect(told(plan)).toEqual({ warnings: [], waits: [] });
  expect(asked['/a']).toBe(1);

  const lab = new LocalLab();
  const run = await lab.run(tasks, { isLocked: true });
  expect(run.error).toBeUndefined();
  expect(told(run)).toEqual({
    warnings: [`a: ${url}/a answered 503, not 200: 2; waiting for up to 60 s for it`],
    waits: ['a ask'],
  });
  expect(lab.read('a', 'f')).toBe('of 3');
  expect(asked['/a']).toBe(3);
});

test('when it is over, everything else is asked for anew', async () => {
  const { asked, url } = await serve((counts, path) => (path === '/a' ? upAfter(1)(counts, path) : 200));
  const lab = new LocalLab();
  const tasks = play(`{ uri: { url: '${url}/a' } }`, `{ uri: { url: '${url}/other' }, register: r }`, write);
  expect((await lab.run(tasks, { isLocked: true })).error).toBeUndefined();
  expect(asked).toEqual({ '/a': 2, '/other': 2 });
  expect(lab.read('a', 'f')).toBe('of 2');
});

test.each([
  ['another host refuses', 503, '{ fail: { msg: stop }, when: \'eq inventory_hostname "b"\' }'],
  ['what is asked will not be there', 404, '{ debug: { msg: nothing } }'],
])('it is not waited for where %s', async (_, status, other) => {
  const { asked, url } = await serve(() => status);
  const ask = `{ uri: { url: '${url}/a' }, when: 'eq inventory_hostname "a"' }`;
  const run = await new LocalLab(['a', 'b']).run(play(other, ask), { isLocked: true });
  expect(run.error).toMatch(status === 404 ? /answered 404/ : /stop/);
  expect(told(run)).toEqual({ warnings: [], waits: [] });
  expect(asked['/a']).toBe(1);
});

test('an answer that is hidden is in no warning', async () => {
  const { url } = await serve(upAfter(1));
  const run = await new LocalLab().run(play(`{ name: ask, uri: { url: '${url}/a' }, no_log: true }`), {
    isLocked: true,
  });
  expect(told(run).warnings).toEqual(['a: "ask" has no answer; waiting for up to 60 s for it']);
});

test('what a task waits for is waited for before the plan, so that this knows all', async () => {
  const { asked, url } = await serve(upAfter(1));
  const lab = new LocalLab();
  const until = 'register: r, until: eq r.status 200, retries: 5, delay: 0';
  const run = await lab.run(play(`{ name: up, uri: { url: '${url}/up' }, ${until} }`, write), {
    isLocked: true,
  });
  expect(told(run).waits).toEqual(['a up']);
  expect(run.of('plan').map(({ status }) => status)).toEqual(['ok', 'changed']);
  expect(asked['/up']).toBe(3);
});

test.each([
  ['has come when it is first looked for', 1],
  ['was waited for', 2],
])('once something %s, what others say is asked for anew', async (_, comesAfter) => {
  const { url } = await serve(({ '/up': up = 0 }) => (up > comesAfter ? 200 : 503));
  const until = 'register: r, until: eq r.status 200, retries: 5, delay: 0';
  const run = await new LocalLab().run(
    play(`{ name: up, uri: { url: '${url}/up' }, ${until} }`, `{ name: ask, uri: { url: '${url}/other' } }`),
  );
  expect(run.error).toBeUndefined();
  expect(run.tasks).toEqual(['a up: ok', 'a ask: ok']);
});

test('what a change has started is waited for when it comes to that', async () => {
  const { asked, url } = await serve(upAfter(2));
  const run = await new LocalLab().run(
    play('{ name: start, command: echo x }', `{ name: ask, uri: { url: '${url}/a' } }`),
  );
  expect(run.error).toBeUndefined();
  expect(run.tasks).toEqual(['a start: changed', 'a ask: ok']);
  expect(told(run).waits).toEqual(['a ask']);
  expect(asked['/a']).toBe(3);
});
