import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { driftOf } from '../../../../src/engine/drift/drift.ts';
import type { Instance } from '../../../../src/engine/tasks/instance.ts';
import type { Plan } from '../../../../src/engine/planning/plan.ts';
import { needLastApplied, renderLastApplied, digestsOf } from '../../../../src/engine/drift/last-applied.ts';
import type { TaskReport } from '../../../../src/engine/tasks/outcome.ts';
import { identify, type FactRecord, type Need } from '../../../../src/facts/need.ts';
import { copy } from '../../../../src/modules/copy/index.ts';
import { FakeFleet } from '../../fake-fleet.ts';

const context = {
  digest: (text: string) => createHash('sha256').update(text).digest('hex'),
  encode: (text: string) => Buffer.from(text).toString('base64'),
  redact: (text: string) => text,
  matchesScram: () => false,
};
type Tree = readonly { readonly path: string; readonly content?: string }[];

/** A task that brings a folder, on a host that has these files. */
function planOf(tree: Tree, there: Readonly<Record<string, string>>, noted: string, dest = '/srv') {
  const bound = copy.bind({ dest, tree, mode: '0644' }, context);
  const fleet = new FakeFleet();
  const { world } = fleet.get('a');
  const recordsOf = ({ kind, key }: Need<unknown>): FactRecord[] => {
    if (key === dest && kind === 'path') return [['directory', '755', 'root', 'root']];
    const content = there[key];
    if (content === undefined) return [];
    if (kind === 'path') return [['regular file', '644', 'root', 'root']];
    return [[kind === 'digest' ? context.digest(content) : context.encode(content)]];
  };
  world.learn(new Map(bound.needs.map((need) => [identify(need), recordsOf(need)])));
  world.learn(new Map([[identify(needLastApplied), [[context.encode(noted)]]]]));
  const verdict = bound.diff((need) => world.records(need));
  const task = { module: copy, runOnce: false };
  const instance = { task, host: 'a', name: 'site', bound, needs: bound.needs, diff: () => verdict };
  const changes = verdict.state === 'changes' ? verdict.changes : [];
  const report = {
    host: 'a',
    play: { name: 'p' },
    task,
    status: changes.length > 0 ? 'changed' : 'ok',
    instances: [{ instance, outcome: { status: 'changed', changes } }],
  } as unknown as TaskReport;
  return { plan: { reports: [report] } as unknown as Plan, instance: instance as unknown as Instance, fleet };
}

/** What is noted once a folder was brought. */
function noteOf(tree: Tree): string {
  const { plan, instance } = planOf(tree, {}, '');
  const wanted = digestsOf(plan.reports, 'a', context).get(instance);
  return renderLastApplied(new Map(), wanted ? [wanted.own, ...wanted.paths.values()] : [], true);
}

const before: Tree = [
  { path: 'hand', content: 'h' },
  { path: 'both', content: 'b' },
  { path: 'source', content: 's' },
];
const after: Tree = [
  { path: 'hand', content: 'h' },
  { path: 'both', content: 'b2' },
  { path: 'source', content: 's2' },
  { path: 'more', content: 'm' },
];
const host = { '/srv/hand': 'edited', '/srv/both': 'edited', '/srv/source': 's' };

function causes(noted: string) {
  const { plan, fleet } = planOf(after, host, noted);
  return driftOf(plan, fleet, context).flatMap((drift) =>
    drift.changes.map(({ resource }) => `${resource}: ${drift.causes.join(' ')}`),
  );
}

test('of a folder each file is told why it differs', () => {
  expect(causes(noteOf(before))).toEqual([
    '/srv/hand: host',
    '/srv/both: host inventory',
    '/srv/source: inventory',
    '/srv/more: inventory',
  ]);
});

test('of a folder with more files than could be noted, it is told of all of it', () => {
  const { plan, instance } = planOf(before, {}, '');
  const own = digestsOf(plan.reports, 'a', context).get(instance)?.own;
  const all = ['hand', 'both', 'source', 'more'].map((name) => `/srv/${name}: inventory`);
  expect(causes(renderLastApplied(new Map(), own ? [own] : [], true))).toEqual(all);
});

test('a folder that was never brought is new', () => {
  expect(causes('')).toEqual(['/srv/hand: new', '/srv/both: new', '/srv/source: new', '/srv/more: new']);
});

test('a folder that goes elsewhere was changed by nobody on the host', () => {
  const { plan, fleet } = planOf(before, {}, noteOf(before), '/elsewhere');
  const told = driftOf(plan, fleet, context).map(({ causes: its }) => its);
  expect(told).toEqual([['inventory'], ['inventory'], ['inventory']]);
});
