import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  historyScript,
  parseDcsHistory,
  parseHistory,
  riftBetween,
  type Past,
} from '../../../../src/clients/patroni/history.ts';
import { folderOf } from '../../support.ts';

/** PostgreSQL writes an empty line between what it copies and what it adds. */
const second = '1\t0/5000140\tno recovery target specified\n';
const third = `${second}\n2\t1/A0\tno recovery target specified\n`;
const begun = { timeline: 2, parent: 1, at: 0x5000140 };
const both = [{ timeline: 3, parent: 2, at: 2 ** 32 + 0xa0 }, begun];

describe('the history of a data directory', () => {
  const read = (folder: string) =>
    parseHistory(execFileSync('sh', ['-c', historyScript(folder)], { encoding: 'utf8' }));

  it('is where each timeline began, newest first', () => {
    const folder = folderOf({
      'pg_wal/00000002.history': second,
      'pg_wal/00000003.history': third,
      'pg_wal/000000030000000100000000': 'WAL',
    });
    expect(read(folder)).toEqual([...both, begun]);
  });

  it('keeps what an earlier file says otherwise', () => {
    const folder = folderOf({
      'pg_wal/00000002.history': '1\t0/4000000\tother\n',
      'pg_wal/00000003.history': third,
    });
    expect(read(folder)).toEqual([...both, { timeline: 2, parent: 1, at: 0x4000000 }]);
  });

  it('is empty on the first timeline, and not known without data', () => {
    expect(read(folderOf({ 'pg_wal/000000010000000000000001': 'WAL' }))).toEqual([]);
    expect(() => read('/nowhere')).toThrow();
  });

  it('follows no link and waits for no pipe', () => {
    const folder = folderOf({ 'pg_wal/00000003.history': third });
    symlinkSync('/dev/zero', join(folder, 'pg_wal/00000004.history'));
    execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', join(folder, 'pg_wal/00000005.history')]);
    expect(read(folder)[0]?.timeline).toBe(3);
  });
});

it('the DCS keeps where each timeline ended', () => {
  const answer = (body: unknown) =>
    parseDcsHistory({ answered: true, status: 200, body: JSON.stringify(body) });
  expect(
    answer([
      [1, 0x5000140, 'no recovery target specified', 'then', 'n1'],
      [2, 2 ** 32 + 0xa0, 'no recovery target specified', 'then', 'n2'],
    ]),
  ).toEqual(both);
  expect(answer([])).toEqual([]);
  expect(answer({})).toBeUndefined();
});

describe('a member parted from its leader', () => {
  const leader: Past = { system: '7', timeline: 3, position: 2 ** 33, history: both };
  const first = { timeline: 2, parent: 1, at: 0x4000000 };
  it.each<[string, Partial<Past>, string | undefined]>([
    ['not when it has been through the same', {}, undefined],
    ['not while it is on its way there', { timeline: 2, history: [begun], position: 0x6000000 }, undefined],
    ['not while its files do not say', { history: [] }, undefined],
    ['not while nobody has looked', { history: undefined }, undefined],
    [
      'when another timeline of the same number began elsewhere',
      { timeline: 2, history: [first] },
      'timeline 2 from 0/4000000, the leader timeline 2 from 0/5000140',
    ],
    [
      'also when it has followed to a later one since',
      { history: [...both, first] },
      'timeline 2 from 0/4000000, the leader timeline 2 from 0/5000140',
    ],
    [
      'when it has gone on where the leader left',
      { timeline: 2, history: [begun], position: 2 ** 32 + 0xa1 },
      'timeline 2 from 0/5000140, the leader timeline 3 from 1/A0',
    ],
    [
      'when it is on a timeline that the leader has never been on',
      { timeline: 4, history: [{ timeline: 4, parent: 2, at: 9 }, begun] },
      'timeline 4 from 0/9, the leader timeline 3 from 1/A0',
    ],
    ['not by numbers that are those of another cluster', { system: '8', history: [first] }, undefined],
  ])('%s', (_, differs, rift) => {
    expect(riftBetween({ ...leader, ...differs }, leader)).toBe(rift);
  });

  it('by what the DCS keeps while nobody leads', () => {
    const kept = { system: undefined, timeline: undefined, position: undefined, history: both };
    expect(riftBetween(leader, kept)).toBeUndefined();
    expect(riftBetween({ ...leader, timeline: 2, history: [first] }, kept)).toBe(
      'timeline 2 from 0/4000000, the cluster timeline 2 from 0/5000140',
    );
  });
});
