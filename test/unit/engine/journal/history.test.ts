import { describe, expect, test } from 'vitest';
import { isResumable, runsOf, type JournalContent } from '../../../../src/engine/journal/history.ts';
import { parseJournal } from '../../../../src/engine/journal/journal-line.ts';

const playbook = { path: '/p.yml', beside: '../p.yml' };

/** Lines of a run, a second apart. */
function lines(run: string, second: number, ...each: readonly object[]) {
  const text = each.map((line, index) =>
    JSON.stringify({
      v: 1,
      time: new Date(Date.UTC(2030, 0, 1, 0, 0, second + index)).toISOString(),
      run,
      who: 'me@here',
      command: `drover ${run}`,
      ...line,
    }),
  );
  const parsed = parseJournal(text.join('\n'));
  expect(parsed.unreadable).toBe(0);
  return parsed.lines;
}

const begin = { phase: 'begin', verb: 'play', playbook, hosts: ['a', 'b'] };
const begun = (n: number, resource = `/f${n}`) => ({
  phase: 'begun',
  n,
  task: 't',
  action: 'update',
  resource,
});
const done = (n: number) => ({ phase: 'done', n });
const failed = (n: number, message: string) => ({ phase: 'failed', n, message });
const end = (exitCode: number) => ({ phase: 'end', exitCode });

const on = (host: string, own: JournalContent['lines'], holder?: string): JournalContent => ({
  host,
  lines: own,
  holder,
});

const states = (journals: readonly JournalContent[]) =>
  runsOf(journals)[0]?.changes.map(({ host, resource, state }) => `${host} ${resource} ${state}`);

describe('runs of the hosts’ journals', () => {
  test('are summed over hosts, newest first', () => {
    const runs = runsOf([
      on('a', [...lines('old', 0, begin, begun(1), done(1), end(0)), ...lines('new', 60, begin, end(3))]),
      on('b', lines('old', 2, begin, begun(2), done(2), end(0))),
    ]);
    expect(runs.map(({ run, outcome, hosts }) => [run, outcome, hosts])).toEqual([
      ['new', 'failed', ['a']],
      ['old', 'done', ['a', 'b']],
    ]);
    expect(runs[1]).toMatchObject({ began: '2030-01-01T00:00:00.000Z', ended: '2030-01-01T00:00:05.000Z' });
  });

  test('one without an end is cut off, or at work while it holds a lock', () => {
    const own = lines('r', 0, begin, begun(1), done(1), begun(2));
    expect(runsOf([on('a', own)])[0]).toMatchObject({ outcome: 'cut off' });
    expect(states([on('a', own)])).toEqual(['a /f1 done', 'a /f2 doubt']);
    expect(runsOf([on('a', own), on('b', [], 'r')])[0]).toMatchObject({ outcome: 'running' });
    expect(states([on('a', own, 'r')])).toEqual(['a /f1 done', 'a /f2 running']);
    expect(runsOf([on('a', own, 'another')])[0]).toMatchObject({ outcome: 'cut off' });
  });

  test('one host’s end is the run’s: another one was lost', () => {
    const journals = [
      on('a', lines('r', 0, begin, begun(1), done(1), end(4))),
      on('b', lines('r', 0, begin, begun(2))),
    ];
    expect(runsOf(journals)[0]).toMatchObject({ outcome: 'failed', exitCode: 4 });
    expect(states(journals)).toEqual(['a /f1 done', 'b /f2 doubt']);
  });

  test('a later line of a change counts, and what was withdrawn does not', () => {
    const own = lines(
      'r',
      0,
      begin,
      begun(1),
      begun(2),
      failed(1, 'it ended with 1'),
      failed(1, 'no space'),
      {
        phase: 'withdrawn',
        n: 2,
      },
    );
    expect(runsOf([on('a', own)])[0]?.changes).toMatchObject([{ state: 'failed', message: 'no space' }]);
    const judged = lines('r', 0, begin, begun(1), failed(1, 'it ended with 1'), done(1));
    expect(runsOf([on('a', judged)])[0]?.changes).toMatchObject([{ state: 'done' }]);
  });

  test('numbers are a host’s own; a begin that was rotated away leaves the rest', () => {
    const journals = [on('a', lines('r', 0, begun(1), done(1))), on('b', lines('r', 0, begun(1, '/other')))];
    expect(states(journals)).toEqual(['a /f1 done', 'b /other doubt']);
    expect(runsOf(journals)[0]).toMatchObject({ request: undefined, command: 'drover r' });
  });
});

describe('going on', () => {
  const cut = lines('r', 0, begin, begun(1));
  const one = (...each: readonly JournalContent['lines'][]) =>
    runsOf([on('a', each.flat())]).find(({ run }) => run === 'r');

  test.each([
    ['cut off', one(cut), true],
    ['failed', one(cut, lines('r', 9, end(3))), true],
    ['interrupted', one(cut, lines('r', 9, end(130))), true],
    ['done', one(cut, lines('r', 9, end(0))), false],
    ['at work', runsOf([on('a', cut, 'r')])[0], false],
    ['an operation', one(lines('r', 0, { phase: 'begin', verb: 'switchover', hosts: ['a'] })), false],
    ['gone on with', one(cut, lines('s', 20, { ...begin, resumes: 'r' })), false],
  ])('%s', (_, past, expected) => {
    expect(past && isResumable(past)).toBe(expected);
  });

  test('names the last that went on', () => {
    const resumed = (run: string, second: number) => lines(run, second, { ...begin, resumes: 'r' });
    expect(one(cut, resumed('s', 20), resumed('t', 40))?.resumedBy).toBe('t');
  });
});
