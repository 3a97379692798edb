import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { HttpAnswer } from '../../../../src/clients/http.ts';
import { FactsCache } from '../../../../src/engine/hosts/facts-cache.ts';
import { Planner } from '../../../../src/engine/planning/planner.ts';
import { FakeClock } from '../../fake-clock.ts';
import { LocalLab } from '../local.ts';
import { playOf } from '../walked.ts';

// Each test starts shells, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const silence: HttpAnswer = { answered: false, reason: 'refused' };
const up: HttpAnswer = { answered: true, status: 200, body: '' };

/** A planner of tasks on hosts that are local shells; APIs answer as the test says, by how often they were asked. */
async function plannerOf(tasks: string, answer: (asked: number) => HttpAnswer = () => up, hosts = ['a']) {
  const lab = new LocalLab(hosts);
  const { run, events, abort } = await lab.context(playOf(tasks));
  const cache = new FactsCache(join(lab.folder, 'cache'));
  const http = vi.spyOn(run.fleet, 'http');
  http.mockImplementation(() => Promise.resolve(answer(http.mock.calls.length)));
  return { lab, run, events, abort, http, cache, planner: new Planner(run, cache) };
}

const copy = "- { name: copy, copy: { dest: '{{dir}}/f', content: x } }\n";
const ask = "- { name: ask, uri: { url: 'http://127.0.0.1/' } }\n";
const toldBy = ({ reports }: { reports: readonly { name: string; status: string }[] }) =>
  reports.map(({ name, status }) => `${name}: ${status}`);

describe('collecting', () => {
  test('asks a host for all that its tasks need in one trip', async () => {
    const { planner, run } = await plannerOf(copy + copy.replace('copy,', 'other,').replace('/f', '/g'));
    const plan = await planner.collectAndPlan();
    expect(toldBy(plan)).toEqual(['copy: changed', 'other: changed']);
    expect(plan.missing).toEqual([]);
    expect(run.fleet.get('a').roundTrips).toBe(1);
  });

  test('goes on until nothing is missing: what is read may decide what else is needed', async () => {
    const { lab, planner, run } = await plannerOf(
      `- { name: read, command: "cat {{dir}}/name", check_mode: false, changed_when: false, register: r }
- { name: write, copy: { dest: '{{dir}}/{{r.stdout}}', content: x } }`,
    );
    writeFileSync(join(lab.folder, 'a', 'name'), 'g\n');
    const plan = await planner.collectAndPlan();
    expect(toldBy(plan)).toEqual(['read: ok', 'write: changed']);
    expect(plan.changes.map(({ change }) => change.resource)).toEqual([expect.stringMatching(/\/a\/g$/)]);
    expect(run.fleet.get('a').roundTrips).toBe(2);
  });

  test('brings the hosts’ own facts along, and keeps them for the next run', async () => {
    const { planner, run, cache } = await plannerOf('- { name: say, debug: { msg: hello } }');
    await planner.collectFacts();
    const { fact, connection } = run.fleet.get('a');
    expect(fact).toBeDefined();
    expect(cache.load(connection.hostKey)).toEqual(fact);
  });

  test('leaves nothing registered that was only planned', async () => {
    const { planner, run } = await plannerOf('- { name: t, stat: { path: /nowhere }, register: r }');
    await planner.collectAndPlan();
    expect(run.fleet.get('a').registered.size).toBe(0);
  });

  test('drops a host that fails from the tasks after, and no other', async () => {
    const { planner } = await plannerOf(
      "- { name: stop, fail: { msg: stop }, when: eq inventory_hostname 'a' }\n- { name: say, debug: { msg: x } }",
      () => up,
      ['a', 'b'],
    );
    const { reports } = await planner.collectAndPlan();
    expect(reports.map(({ host, name, status }) => `${host} ${name}: ${status}`)).toEqual([
      'a stop: failed',
      'b stop: skipped',
      'b say: ok',
    ]);
  });
});

describe('coming to rest', () => {
  test('is at once where nothing is silent', async () => {
    const { planner, events } = await plannerOf(ask);
    const plan = await planner.collectAndPlan();
    const clock = new FakeClock();
    expect(await planner.comeToRest(plan, clock)).toBe(plan);
    expect(clock.sleeps).toEqual([]);
    expect(events.filter(({ type }) => type === 'warning')).toEqual([]);
  });

  test('waits for what may be about to answer, and plans anew from all that is there then', async () => {
    const { lab, planner, events, http } = await plannerOf(ask + copy, (asked) => (asked > 3 ? up : silence));
    const plan = await planner.collectAndPlan();
    expect(plan.silence).toBeDefined();
    writeFileSync(join(lab.folder, 'a', 'f'), 'x');
    const clock = new FakeClock();
    const rested = await planner.comeToRest(plan, clock);
    expect(toldBy(rested)).toEqual(['ask: ok', 'copy: ok']);
    expect(http).toHaveBeenCalledTimes(4);
    expect(clock.sleeps).toEqual([1000, 1000, 1000]);
    expect(events.filter(({ type }) => type === 'warning' || type === 'wait')).toMatchObject([
      { message: 'a: http://127.0.0.1/: refused; waiting for up to 60 s for it' },
      { host: 'a', what: 'ask', seconds: 3 },
    ]);
  });

  test('gives up after a minute: what is still silent then has failed', async () => {
    const { planner } = await plannerOf(ask, () => silence);
    const clock = new FakeClock();
    const rested = await planner.comeToRest(await planner.collectAndPlan(), clock);
    expect(toldBy(rested)).toEqual(['ask: failed']);
    expect(clock.now()).toBe(60_000);
  });

  test('ends when the run is interrupted', async () => {
    const { planner, abort } = await plannerOf(ask, () => silence);
    const plan = await planner.collectAndPlan();
    abort.abort();
    await expect(planner.comeToRest(plan, new FakeClock())).rejects.toThrow(/interrupted/);
  });
});
