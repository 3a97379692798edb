import { describe, expect, test } from 'vitest';
import type { PastChange, PastRun } from '../../../src/engine/journal/history.ts';
import { formatDrift } from '../../../src/output/drift-text.ts';
import { formatRun, formatRuns } from '../../../src/output/history-text.ts';
import { painter } from '../../../src/output/style.ts';

const paint = painter(false);

const change = (differs: Partial<PastChange> = {}): PastChange => ({
  n: 1,
  host: 'a',
  time: '2030-01-01T10:00:01.500Z',
  task: 'configuration',
  action: 'update',
  resource: '/etc/f',
  detail: 'content',
  state: 'done',
  ...differs,
});

const past = (differs: Partial<PastRun> = {}): PastRun => ({
  run: 'r1',
  began: '2030-01-01T10:00:00.000Z',
  ended: '2030-01-01T10:01:05.000Z',
  who: 'me@here',
  command: 'drover provision',
  request: undefined,
  hosts: ['a', 'b'],
  changes: [change()],
  outcome: 'done',
  ...differs,
});

describe('runs', () => {
  test('are a line each', () => {
    const { ended: _, ...open } = past();
    const doubtful = [change(), change({ n: 2, state: 'failed' }), change({ n: 3, state: 'doubt' })];
    const text = formatRuns(
      [
        past({ outcome: 'failed', exitCode: 3 }),
        { ...open, outcome: 'cut off', changes: doubtful, resumedBy: 'r2' },
      ],
      paint,
    );
    expect(text.split('\n').map((line) => line.replace(/ {2,}/g, '  '))).toEqual([
      'run  began (UTC)  outcome  changes  hosts  who  command',
      'r1  2030-01-01 10:00:00  failed (exit 3)  1  a b  me@here  drover provision',
      'r1  2030-01-01 10:00:00  cut off, resumed by r2  1, 1 failed, 1 in doubt  a b  me@here  drover provision',
    ]);
  });

  test('one is told host by host, with what differs', () => {
    const changes = [
      change({ diff: '@@ -1 +1 @@\n-x\n+y' }),
      change({ n: 2, state: 'failed', message: 'no space' }),
    ];
    expect(formatRun(past({ changes, message: 'it failed' }), paint)).toBe(`run r1  done
  drover provision
  me@here, 2030-01-01 10:00:00 UTC, 1 min 5 s
  it failed

a
  10:00:01  done       update /etc/f (content) [configuration]
                       @@ -1 +1 @@
                       -x
                       +y
  10:00:01  failed     update /etc/f (content) [configuration]
                       no space

b
  nothing was changed`);
  });
});

test.each([
  ['cut off', true],
  ['done', false],
] as const)('a run that is %s can be gone on with: %s', (outcome, expected) => {
  const playbook = { path: '/p.yml', beside: 'p.yml' };
  const text = formatRun(past({ outcome, request: { verb: 'play', playbook, hosts: [] } }), paint);
  expect(text.endsWith('drover resume r1 goes on with it')).toBe(expected);
});

describe('drift', () => {
  const item = (causes: Parameters<typeof formatDrift>[0][number]['causes'], resource: string) => ({
    host: 'a',
    play: 'p',
    task: 't',
    causes,
    changes: [{ action: 'update' as const, resource, before: 'x\n', after: 'y\n' }],
  });

  test('stands in groups by cause', () => {
    const last = { run: 'r1', time: '2030-01-01T10:00:00.000Z' };
    const text = formatDrift(
      [
        item(['inventory'], '/inventory'),
        { ...item(['host'], '/host'), changes: [{ action: 'update', resource: '/host', last }] },
        item(['new'], '/new'),
        item(['always'], '/always'),
        item(['host', 'inventory'], '/both'),
        item(['host', 'new'], '/several'),
        { ...item([], ''), changes: [] },
      ],
      paint,
      false,
    );
    expect(text).toBe(`changed on the host, since drover has set it
  a: update /host  [p: t]
      last set by run r1 on 2030-01-01 10:00 UTC

changed on the host, and in the inventory, the playbook or a template
  a: update /both  [p: t]

changed in the inventory, the playbook or a template, and not applied yet
  a: update /inventory  [p: t]

never applied by drover
  a: update /new  [p: t]

run each time
  a: update /always  [p: t]

following from several of these
  a: update /several  [p: t]

to be known only after these changes
  a: [p: t]`);
  });

  test('has the lines that differ where they are wanted', () => {
    expect(formatDrift([item(['new'], '/f')], paint, true)).toContain('      -x\n      +y');
  });
});
