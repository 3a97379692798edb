import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { Applier } from '../../../../src/engine/applying/applier.ts';
import { Planner } from '../../../../src/engine/planning/planner.ts';
import { FactsCache } from '../../../../src/engine/hosts/facts-cache.ts';
import type { TaskReport } from '../../../../src/engine/tasks/outcome.ts';
import { LocalLab, type RunSettings } from '../local.ts';
import { playOf, walkOn } from '../walked.ts';

// Each test starts shells, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

interface Settings extends RunSettings {
  /** What happens on the host just before each script of changes arrives. */
  readonly meanwhile?: (lab: LocalLab, trip: number) => void;
  readonly consent?: () => Promise<void>;
}

/** Tasks planned and then applied on a host that is a local shell. */
async function apply(tasks: string, { meanwhile, consent, ...settings }: Settings = {}) {
  const lab = new LocalLab();
  const { run, events } = await lab.context(playOf(tasks), settings);
  const { interests } = await new Planner(run, new FactsCache(join(lab.folder, 'cache'))).collectAndPlan();
  const host = run.fleet.get('a');
  const users: string[] = [];
  const send = host.run.bind(host);
  vi.spyOn(host, 'run').mockImplementation((script, become, options) => {
    users.push(become ? 'root' : 'login');
    meanwhile?.(lab, users.length);
    return send(script, become, options);
  });
  const reports: TaskReport[] = [];
  const begun: string[] = [];
  const applier = new Applier(host, {
    fleet: run.fleet,
    context: run.context,
    interests,
    emit: (event) => events.push(event),
    checkpoint: () => run.checkpoint(),
    report: (report) => reports.push(report),
    journalOf: () => undefined,
    journaled: ({ name }, { action, resource }) => ({ task: name, action, resource }),
    started: () => undefined,
    begun: ({ name }) => begun.push(name),
    changed: () => undefined,
    consent: consent ?? (() => Promise.resolve()),
  });
  const failure = await walkOn(run, applier);
  const told = reports.map(({ name, status }) => `${name}: ${status}`);
  const why = events.flatMap((event) =>
    event.type === 'trip' && event.ended !== undefined ? [event.ended] : [],
  );
  return { lab, users, told, begun, failure, why, reports };
}

const copy = (name: string, content: string, more = '') =>
  `- { name: ${name}, copy: { dest: '{{dir}}/${name}', content: ${content} }${more} }\n`;

describe('the queue', () => {
  test('goes out as one script', async () => {
    const { lab, users, told, begun } = await apply(
      copy('f', 'x') + copy('g', 'y') + '- { name: run, command: "touch {{dir}}/h" }',
    );
    expect(users).toHaveLength(1);
    expect(told).toEqual(['f: changed', 'g: changed', 'run: changed']);
    expect(begun).toEqual(['f', 'g', 'run']);
    expect([lab.read('a', 'f'), lab.read('a', 'g'), lab.read('a', 'h')]).toEqual(['x', 'y', '']);
  });

  test('goes out before a task that depends on what it does', async () => {
    const { users, told, why } = await apply(
      `- { name: run, shell: 'echo x > f', args: { chdir: '{{dir}}' } }\n${copy('f', 'y')}`,
    );
    expect(users).toHaveLength(2);
    expect(told).toEqual(['run: changed', 'f: changed']);
    expect(why).toEqual([
      expect.stringMatching(/^"f" depends on path .*: "run" comes first$/),
      'the play ends',
    ]);
  });

  test('knows what was changed behind a task whose changed_when cannot be evaluated', async () => {
    const { told, begun, users, lab } = await apply(
      `- { name: judged, command: 'true', register: r, changed_when: r.none, provides: { paths: [] } }\n${copy('g', 'y')}`,
    );
    expect(users).toHaveLength(1);
    expect(lab.read('a', 'g')).toBe('y');
    expect(told).toEqual(['judged: failed']);
    expect(begun).toEqual(['judged', 'g']);
  });

  test('goes out before what follows a task that its failed_when may fail', async () => {
    const judged = (when: string) =>
      apply(
        `- { name: judged, command: 'true', failed_when: ${when}, provides: { paths: [] } }\n${copy('g', 'y')}`,
      );
    const failed = await judged('true');
    expect([failed.told, failed.begun, failed.lab.read('a', 'g')]).toEqual([
      ['judged: failed'],
      ['judged'],
      undefined,
    ]);
    expect((await judged('false')).users).toHaveLength(1);
  });

  test('is not begun where nothing is to be done', async () => {
    const { users, told } = await apply("- { name: there, file: { path: '{{dir}}', state: directory } }");
    expect(users).toEqual([]);
    expect(told).toEqual(['there: ok']);
  });

  test('of root goes out before a task of the login user, and the other way round', async () => {
    const { users, told, why } = await apply(
      copy('f', 'x', ', become: true') +
        copy('g', 'x', ', become: true') +
        copy('h', 'x') +
        copy('i', 'x', ', become: true'),
    );
    expect(users).toEqual(['root', 'login', 'root']);
    expect(told).toEqual(['f: changed', 'g: changed', 'h: changed', 'i: changed']);
    expect(why).toEqual(['"h" runs as another user', '"i" runs as another user', 'the play ends']);
  });

  test('stops at a change that fails: nothing after it is made', async () => {
    const { lab, told, failure } = await apply(
      `${copy('f', 'x')}- { name: fails, command: 'false' }\n${copy('g', 'y')}`,
    );
    expect(told).toEqual(['f: changed', 'fails: failed']);
    expect(failure?.message).toMatch(/^a: /);
    expect([lab.read('a', 'f'), lab.read('a', 'g')]).toEqual(['x', undefined]);
  });

  test('goes on after a failure that is ignored, with the tasks after it taken in again', async () => {
    const { lab, users, told } = await apply(
      `- { name: fails, command: 'false', ignore_errors: true }\n${copy('g', 'y')}`,
    );
    expect(told).toEqual(['fails: ignored', 'g: changed']);
    expect(users).toHaveLength(2);
    expect(lab.read('a', 'g')).toBe('y');
  });

  test('is not filled with what is refused: no consent, nothing is sent', async () => {
    const refuse = () => Promise.reject(new Error('not confirmed'));
    await expect(apply(copy('f', 'x'), { consent: refuse })).rejects.toThrow('not confirmed');
  });
});

describe('a host that is not any more as it was planned from', () => {
  const overwrite = (content: (trip: number) => string) => (lab: LocalLab, trip: number) =>
    writeFileSync(join(lab.folder, 'a', 'f'), content(trip));

  test('has its tasks taken in again, and carried out from what is there now', async () => {
    const { lab, users, told } = await apply(copy('f', 'x') + copy('g', 'y'), {
      meanwhile: (own, trip) => (trip === 1 ? overwrite(() => 'other')(own, trip) : undefined),
    });
    expect(users).toHaveLength(2);
    expect(told).toEqual(['f: changed', 'g: changed']);
    expect([lab.read('a', 'f'), lab.read('a', 'g')]).toEqual(['x', 'y']);
  });

  test('needs no change where somebody else has made it', async () => {
    const { told, begun } = await apply(copy('f', 'x', ', become: true'), {
      meanwhile: overwrite(() => 'x'),
    });
    expect(told).toEqual(['f: ok']);
    expect(begun).toEqual([]);
  });

  test('is given up after three attempts', async () => {
    const { lab, users, told, reports } = await apply(copy('f', 'x') + copy('g', 'y'), {
      meanwhile: overwrite((trip) => `other ${trip}`),
    });
    expect(users).toHaveLength(3);
    expect(told).toEqual(['f: failed']);
    expect(reports[0]?.reason).toBe('what it depends on changes each time it is looked at');
    expect([lab.read('a', 'f'), lab.read('a', 'g')]).toEqual(['other 3', undefined]);
  });
});
