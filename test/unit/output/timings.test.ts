import { expect, test } from 'vitest';
import type { RunEvent } from '../../../src/engine/events.ts';
import { criticalPath, formatTimings, withTimings } from '../../../src/output/timings.ts';

const trip = (host: string, seconds: number, ...tasks: string[]): RunEvent => ({
  type: 'trip',
  host,
  seconds,
  tasks,
});
const phase = (name: 'connect' | 'collect' | 'apply'): RunEvent => ({ type: 'phase', phase: name });
const recap: RunEvent = { type: 'recap', exitCode: 0, hosts: {} };

const story: [number, RunEvent][] = [
  [1, phase('connect')],
  [2, { type: 'host', host: 'b', state: 'connected' }],
  [2, phase('collect')],
  [3, trip('a', 1)],
  [4, trip('b', 2)],
  [4, phase('apply')],
  [4, { type: 'play', play: 'etcd', hosts: ['a', 'b'] }],
  [7, trip('a', 3, 'packages')],
  [8, trip('b', 3.5, 'packages')],
  [8.5, trip('b', 0.5, 'unit', 'service')],
  [8.8, { type: 'wait', host: 'b', what: 'patroni on b', seconds: 0.3 }],
  [9, recap],
];

test('criticalPath names, for each part of a run, the host that was done last and its trips', () => {
  expect(criticalPath(story.map(([at, event]) => ({ at, event })))).toEqual([
    { what: 'connect', seconds: 1, host: 'b', trips: [] },
    { what: 'collect', seconds: 2, host: 'b', trips: [{ what: 'looking', seconds: 2 }] },
    {
      what: 'play etcd',
      seconds: 5,
      host: 'b',
      trips: [
        { what: 'packages', seconds: 3.5 },
        { what: 'unit, service', seconds: 0.5 },
        { what: 'waiting for patroni on b', seconds: 0.3 },
      ],
    },
  ]);
});

test('withTimings passes events on, and shows the path once', async () => {
  const passed: RunEvent[] = [];
  let shown = '';
  let time = 0;
  const inner = { event: (event: RunEvent) => void passed.push(event), finish: () => Promise.resolve() };
  const reporter = withTimings(
    inner,
    (text) => (shown += text),
    () => time,
  );
  for (const [at, event] of story) {
    time = at;
    reporter.event(event);
  }
  await reporter.finish();
  await reporter.finish();
  expect(passed).toHaveLength(story.length);
  expect(shown).toBe(
    formatTimings(
      criticalPath([
        { at: 0, event: { type: 'run', verb: '', source: '', hosts: [] } },
        ...story.map(([at, event]) => ({ at, event })),
      ]),
    ),
  );
  expect(shown).toContain('       5.0 s  play etcd, last b\n');
});
