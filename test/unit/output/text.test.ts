import { createTwoFilesPatch } from 'diff';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventLine, type HostRecap, type RunEvent, type ShownChange } from '../../../src/engine/events.ts';
import { jsonLines } from '../../../src/output/json-lines.ts';
import { describeChange, formatPlan, summarise, type PlanEvent } from '../../../src/output/plan-text.ts';
import { formatRecap } from '../../../src/output/recap-text.ts';
import { clip, painter } from '../../../src/output/style.ts';
import { formatTable } from '../../../src/output/table.ts';
import { textReporter } from '../../../src/output/text.ts';
import { diffLines } from '../../../src/plan/diff-lines.ts';

const plain = painter(false);
const update: ShownChange = { action: 'update', resource: '/etc/f', before: 'a\nb\nc\n', after: 'a\nB\nc\n' };

function planned(host: string, task: string, taskId: number, more: Partial<PlanEvent> = {}): PlanEvent {
  return {
    type: 'plan',
    host,
    play: 'etcd',
    task,
    taskId,
    status: 'changed',
    changes: [],
    readOnly: false,
    ...more,
  };
}

const recap = (more: Partial<HostRecap> = {}): HostRecap => ({
  ok: 0,
  rescued: 0,
  ignored: 0,
  changed: 0,
  failed: 0,
  skipped: 0,
  unreachable: 0,
  deferred: 0,
  roundTrips: 1,
  apiCalls: 0,
  seconds: 1.24,
  ...more,
});

describe('a plan for people', () => {
  const events = [
    planned('n1', 'settings', 1, { changes: [update] }),
    planned('n1', 'service', 2, {
      changes: [{ action: 'restart', resource: 'etcd.service', reason: '/etc/f changed', disrupts: 'etcd' }],
    }),
    planned('n1', 'health', 3, { status: 'deferred', readOnly: true, reason: 'later' }),
    planned('n2', 'settings', 1, { changes: [update] }),
    planned('n2', 'member', 4, {
      status: 'deferred',
      reason: '"service" comes first',
      aim: 'n2 is a member',
    }),
    planned('n2', 'refused', 5, { status: 'failed', reason: 'no', hint: 'do this' }),
    planned('n2', 'fine', 6, { status: 'ok' }),
    planned('n1', 'other', 7, { play: 'HAProxy', changes: [{ action: 'remove', resource: '/x' }] }),
    planned('n1', 'nothing', 8, { play: 'nothing', status: 'ok' }),
  ];

  test('has each change once, in the order of the tasks, with its hosts', () => {
    const lines = formatPlan(events, plain, false).split('\n');
    expect(lines.map((line) => line.trimEnd().replace(/ {2,}(?=n\d)/, ' | '))).toEqual([
      '',
      'etcd',
      '  ~ update /etc/f | n1 n2',
      '  ! restart etcd.service because /etc/f changed [interrupts etcd] | n1',
      '  ? member: later | n2',
      '      aims at: n2 is a member',
      '      because "service" comes first',
      '  x refused: no | n2',
      '      do this',
      '',
      'HAProxy',
      '  - remove /x | n1',
    ]);
    const hostsAt = lines.slice(2, 5).map((line) => line.search(/ n\d/));
    expect(new Set(hostsAt).size).toBe(1);
  });

  test('with --diff shows what differs, and keeps hosts apart that differ otherwise', () => {
    const other = { ...update, before: 'x\n' };
    const text = formatPlan(
      [planned('n1', 't', 1, { changes: [update] }), planned('n2', 't', 1, { changes: [other] })],
      plain,
      true,
    );
    expect(text.split('\n').map((line) => line.trimEnd())).toEqual([
      '',
      'etcd',
      '  ~ update /etc/f  n1',
      '      @@ -1,3 +1,3 @@',
      '       a',
      '      -b',
      '      +B',
      '       c',
      '  ~ update /etc/f  n2',
      '      @@ -1,1 +1,3 @@',
      '      -x',
      '      +a',
      '      +B',
      '      +c',
    ]);
  });

  test.each([
    [[], 'nothing to change'],
    [[planned('n1', 't', 1, { status: 'ok' })], 'nothing to change'],
    [[planned('n1', 't', 1, { changes: [update] })], '1 change, on 1 host'],
    [
      events.filter(({ status }) => status !== 'failed'),
      '4 changes, 1 that can be known only after earlier ones, on 2 hosts',
    ],
    [events, 'refused, nothing is changed'],
  ])('is summed up', (given, text) => {
    expect(summarise(given)).toBe(text);
  });

  test('a change is one line', () => {
    expect(describeChange({ action: 'set', resource: 'x', detail: '1 -> 2', reason: 'y' })).toBe(
      'set x (1 -> 2) because y',
    );
  });

  test.each([
    [{ before: 'same\n', after: 'same\n' }, []],
    [{ after: 'new\n' }, []],
    [{ before: 'a\n', after: 'a' }, ['@@ -1,1 +1,1 @@', '-a', '+a', '\\ No newline at end of file']],
    [{ before: '', after: 'a\n' }, ['@@ -0,0 +1,1 @@', '+a']],
  ])('the lines that differ in %j', (texts, lines) => {
    expect(diffLines({ action: 'update', resource: 'f', ...texts })).toEqual(lines);
  });

  test('the lines of a new text are what the library makes of them', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '+', ' ', '\r', '\n'), minLength: 1 });
    fc.assert(
      fc.property(text, (after) => {
        const patch = createTwoFilesPatch('f', 'f', '', after).split('\n');
        const hunk = patch
          .slice(patch.findIndex((line) => line.startsWith('@@')))
          .filter((line) => line !== '');
        expect(diffLines({ action: 'create', resource: 'f', before: '', after })).toEqual(hunk);
      }),
    );
  });
});

describe('the recap', () => {
  test('names what hardly ever happens only when it did', () => {
    const lines = formatRecap(
      {
        node1: recap({ ok: 12, changed: 3, roundTrips: 1, apiCalls: 1 }),
        'HAProxy-demo': recap({
          failed: 1,
          skipped: 2,
          unreachable: 1,
          roundTrips: 7,
          apiCalls: 2,
          seconds: 100,
        }),
      },
      plain,
    );
    expect(lines.split('\n').map((line) => line.replace(/ +/g, ' '))).toEqual([
      'node1 ok=12 changed=3 failed=0 1 round trip, 1 API call, 1.2 s',
      'HAProxy-demo ok=0 changed=0 failed=1 skipped=2 unreachable=1 7 round trips, 2 API calls, 1 min 40 s',
    ]);
    const [one, other] = lines.split('\n');
    expect(one?.indexOf('ok=')).toBe(other?.indexOf('ok='));
  });

  test('is empty without hosts', () => {
    expect(formatRecap({}, plain)).toBe('');
  });
});

describe('a table', () => {
  const columns = [
    { title: 'name', text: (row: readonly string[]) => row[0] ?? '' },
    { title: 'state', text: (row: readonly string[]) => row[1] ?? '', colour: () => 'red' as const },
  ];

  test('has columns as wide as their widest cell, and no blanks at the end', () => {
    expect(
      formatTable(
        [
          ['a', 'up'],
          ['long-name', ''],
        ],
        columns,
        plain,
      ),
    ).toBe('name       state\na          up\nlong-name');
  });

  test('has its head alone without rows', () => {
    expect(formatTable([], columns, plain)).toBe('name  state');
  });

  test('has colour only where there is a terminal for it', () => {
    expect(formatTable([['a', 'up']], columns, painter(true))).toContain('\u001b[31mup');
    expect(formatTable([['a', 'up']], columns, plain)).not.toContain('\u001b');
  });
});

test.each([
  ['short', 10, 'short'],
  ['exactly ten', 11, 'exactly ten'],
  ['longer than that', 10, 'longer th…'],
  ['x', 0, '…'],
])('%s clipped to %i', (text, width, clipped) => {
  expect(clip(text, width)).toBe(clipped);
});

const story: RunEvent[] = [
  { type: 'run', verb: 'play', source: 'site.yml', hosts: ['n1', 'n2'] },
  { type: 'phase', phase: 'connect' },
  { type: 'host', host: 'n1', state: 'connected' },
  { type: 'phase', phase: 'plan' },
  planned('n1', 'settings', 1, { changes: [update] }),
  { type: 'phase', phase: 'apply' },
  { type: 'play', play: 'etcd', hosts: ['n1', 'n2'] },
  { type: 'start', host: 'n1', play: 'etcd', task: 'settings', taskId: 1, aim: 'x' },
  { type: 'change', host: 'n1', play: 'etcd', task: 'settings', taskId: 1, item: 'i', change: update },
  { type: 'task', host: 'n1', play: 'etcd', task: 'settings', taskId: 1, status: 'changed' },
  { type: 'task', host: 'n1', play: 'etcd', task: 'say', taskId: 2, status: 'ok', message: 'hello' },
  { type: 'task', host: 'n2', play: 'etcd', task: 'say', taskId: 2, status: 'ok', message: 'hello' },
  { type: 'task', host: 'n2', play: 'etcd', task: 'try', taskId: 3, status: 'ignored', message: 'boom' },
  { type: 'task', host: 'n2', play: 'etcd', task: 'risk', taskId: 3, status: 'rescued', message: 'oops' },
  {
    type: 'task',
    host: 'n2',
    play: 'etcd',
    task: 'go',
    taskId: 4,
    status: 'failed',
    message: 'bad',
    hint: 'fix it',
  },
  { type: 'api', host: 'n1', what: 'promote', state: 'waits' },
  { type: 'warning', message: 'odd', hint: 'look' },
  { type: 'phase', phase: 'verify' },
  { type: 'probe', probe: 'leader', where: 'n1', expected: '1 leader', found: '2 leaders', verdict: 'fail' },
  { type: 'probe', probe: 'slots', where: 'n1', expected: 'none', found: 'none', verdict: 'pass' },
  { type: 'recap', exitCode: 3, hosts: { n1: recap({ changed: 1 }) } },
];

describe('plain lines', () => {
  function tell(verbosity: number): string[] {
    let text = '';
    const reporter = textReporter({ colour: false, verbosity, diff: false, write: (more) => (text += more) });
    story.forEach((event) => reporter.event(event));
    return text.split('\n').map((line) => line.trimEnd());
  }

  test('tell what changed, failed and was said, once for several hosts', () => {
    expect(tell(0)).toEqual([
      'etcd',
      '  ~ update /etc/f  n1',
      '',
      'Plan: 1 change, on 1 host',
      '',
      'etcd  n1 n2',
      '  changed  n1: settings [i]: update /etc/f',
      '  ignored  n2: try: boom',
      '  rescued  n2: risk: oops',
      '  note     n1 n2: hello',
      '  failed   n2: go: bad',
      '           fix it',
      'warning  odd',
      '         look',
      '',
      '      what    where  expected  found',
      'fail  leader  n1     1 leader  2 leaders',
      '',
      'Verify: 1 passed, 0 warned, 1 failed',
      '',
      'n1  ok=0   changed=1   failed=0   1 round trip, 1.2 s',
      '',
    ]);
  });

  test('tell with -v all that was probed, with what failed last', () => {
    const probes = tell(1).filter((line) => /^(pass|fail)/.test(line));
    expect(probes).toEqual([
      'pass  slots   n1     none      as expected',
      'fail  leader  n1     1 leader  2 leaders',
    ]);
  });

  test('with -v tell every task and every API too', () => {
    const lines = tell(1);
    expect(lines).toContain('  n1: promote: waits'.trimEnd());
    expect(lines.length).toBeGreaterThan(tell(0).length);
  });

  test('a play that has nothing to show is not named', () => {
    let text = '';
    const reporter = textReporter({
      colour: false,
      verbosity: 0,
      diff: false,
      write: (more) => (text += more),
    });
    reporter.event({ type: 'play', play: 'quiet', hosts: ['n1'] });
    reporter.event({ type: 'task', host: 'n1', play: 'quiet', task: 't', taskId: 1, status: 'ok' });
    expect(text).toBe('');
  });
});

describe('JSON lines', () => {
  test('are one valid event each', async () => {
    let text = '';
    const reporter = jsonLines('run-1', (more) => (text += more));
    const [first, ...others] = story;
    if (first) reporter.event(first);
    await Promise.resolve();
    expect(text, 'what came is told without waiting for more').toMatch(/^.+\n$/);
    others.forEach((event) => reporter.event(event));
    await reporter.finish();
    const lines = text.split('\n');
    expect(lines.pop()).toBe('');
    expect(lines).toHaveLength(story.length);
    for (const [index, line] of lines.entries()) {
      const { time, ...read } = EventLine.parse(JSON.parse(line));
      expect(time).toMatch(/Z$/);
      expect(read).toEqual({ v: 2, run: 'run-1', ...story[index] });
    }
  });

  test.each([
    { v: 2, run: 'r', time: '2026-01-01T00:00:00Z', type: 'nobody' },
    { v: 1, run: 'r', time: '2026-01-01T00:00:00Z', type: 'phase', phase: 'plan' },
    { v: 2, run: 'r', type: 'phase', phase: 'plan' },
    { v: 2, run: 'r', time: '2026-01-01T00:00:00Z', type: 'phase', phase: 'sleep' },
  ])('the schema refuses %j', (line) => {
    expect(EventLine.safeParse(line).success).toBe(false);
  });
});

describe('with more hosts than anybody reads', () => {
  const names = Array.from({ length: 30 }, (_, index) => `host${index}`);

  test('the recap has a line for all to which the same happened, and one for each that failed', () => {
    const hosts = Object.fromEntries(
      names.map((name, index) => [
        name,
        recap(index === 7 ? { failed: 1 } : { ok: 3, roundTrips: 1 + (index % 2), seconds: index }),
      ]),
    );
    expect(formatRecap(hosts, plain).split('\n')).toEqual([
      '29 hosts  ok=3   changed=0   failed=0   2 round trips, 29 s',
      'host7     ok=0   changed=0   failed=1   1 round trip, 1.2 s',
    ]);
  });

  test('a run says how many are connected, and names those that are not', () => {
    let written = '';
    const reporter = textReporter({
      write: (text) => (written += text),
      colour: false,
      verbosity: 0,
      diff: false,
    });
    for (const host of names) reporter.event({ type: 'host', host, state: 'connected' });
    reporter.event({ type: 'host', host: 'gone', state: 'unreachable', message: 'gone: no answer' });
    reporter.event({ type: 'phase', phase: 'collect' });
    reporter.event({ type: 'play', play: 'all of them', hosts: names });
    reporter.event({ type: 'warning', message: 'late' });
    expect(written).toBe(
      '  error    gone: no answer\nconnected 30 hosts\n\nall of them  30 hosts\nwarning  late\n',
    );
  });

  test('changes and notes that are the same are told of once, when the play ends', () => {
    let written = '';
    const reporter = textReporter({
      write: (text) => (written += text),
      colour: false,
      verbosity: 0,
      diff: false,
    });
    const where = { play: 'all', task: 'file', taskId: 1 };
    reporter.event({ type: 'play', play: 'all', hosts: names });
    for (const host of names) {
      reporter.event({ type: 'change', host, ...where, change: { action: 'update', resource: '/etc/f' } });
      reporter.event({ type: 'task', host, ...where, status: 'ok', message: 'hello' });
    }
    expect(written).toBe('');
    reporter.event({ type: 'recap', exitCode: 0, hosts: {} });
    expect(written).toContain(
      'all  30 hosts\n  changed  30 hosts: file: update /etc/f\n  note     30 hosts: hello\n',
    );
  });

  test('a plan names as many hosts as fit on a line, and counts more', () => {
    const changes = [update];
    const text = (count: number) =>
      formatPlan(
        names.slice(0, count).map((host) => planned(host, 'file', 1, { changes })),
        plain,
        false,
      );
    expect(text(2)).toContain('host0 host1');
    expect(text(30)).toMatch(/\/etc\/f {2}30 hosts$/);
  });
});
