import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseJournal } from '../../../src/engine/journal/journal-line.ts';
import { openJournal, readJournal, writeLines } from '../../../src/shell/journal.ts';
import { folderOf } from '../support.ts';

const head = '"run":"r1","who":"me@here","command":"drover play it’s \\"this\\".yml"';
const begin = '"phase":"begin","verb":"play","hosts":["a"]';
const begun = (n: number, diff = '') =>
  `"phase":"begun","n":${n},"task":"t","action":"update","resource":"/f${n}"${diff === '' ? '' : `,"diff":${JSON.stringify(diff)}`}`;

function sh(script: string) {
  return spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
}

function fileIn(folder = folderOf({})): string {
  return join(folder, 'kept', 'journal');
}

const linesIn = (file: string) => parseJournal(readFileSync(file, 'utf8')).lines;

describe('writing', () => {
  test('makes the file for its owner alone, and appends lines with the host’s time', () => {
    const file = fileIn();
    const { status, stderr } = sh(
      `umask 022\n${openJournal(head, [begin], file)}\n${writeLines([begun(1, "-it's\n+\\new\t%s")])}; r 1 0; r 2 3`,
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(linesIn(file)).toMatchObject([
      { phase: 'begin', run: 'r1', who: 'me@here', command: 'drover play it’s "this".yml' },
      { phase: 'begun', n: 1, diff: "-it's\n+\\new\t%s" },
      { phase: 'done', n: 1 },
      { phase: 'failed', n: 2, message: 'it ended with 3' },
    ]);
    expect(Math.abs(Date.parse(linesIn(file)[0]?.time ?? '') - Date.now())).toBeLessThan(60_000);
  });

  test('puts a full journal aside, in place of the one that was aside before', () => {
    const file = fileIn();
    sh(openJournal(head, [begin], file));
    writeFileSync(`${file}.1`, 'older\n');
    writeFileSync(file, `${'x'.repeat(5 * 1024 * 1024 - 2)}\n`);
    sh(openJournal(head, [begin], file));
    expect(statSync(`${file}.1`).size).toBe('older\n'.length);
    sh(openJournal(head, [begun(1)], file));
    expect(statSync(`${file}.1`).size).toBeGreaterThan(5 * 1024 * 1024);
    expect(linesIn(file)).toMatchObject([{ phase: 'begun' }]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('ends the piece when it cannot be written', () => {
    const { status, stdout, stderr } = sh(
      `${openJournal(head, [begin], '/proc/none/journal')}\necho changed`,
    );
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('the journal /proc/none/journal cannot be written');
  });

  test('tells a line that could not be written', () => {
    const { stdout } = sh(`${openJournal(head, [], '/dev/full')}\n${writeLines([begun(1)])} && echo changed`);
    expect(stdout).toBe('');
  });
});

describe('reading', () => {
  function journal(): string {
    const file = fileIn();
    sh(openJournal(head, [begin, begun(1, '-old')], file));
    const former = readFileSync(file, 'utf8');
    writeFileSync(`${file}.1`, former);
    writeFileSync(file, `${former}{"v":1,"time":"2030-01-`);
    sh(openJournal(head.replace('r1', 'r2'), [`${begin},"resumes":"r1"`, begun(1, ',"diff":"x"')], file));
    return file;
  }

  test('gives all runs without what differs, oldest first, and leaves out what was cut short', () => {
    const [holder, ...rest] = sh(readJournal(undefined, journal())).stdout.split('\n');
    const { lines, unreadable } = parseJournal(rest.join('\n'));
    expect(holder).toBe('');
    expect(lines.map(({ run, phase }) => `${run} ${phase}`)).toEqual([
      'r1 begin',
      'r1 begun',
      'r1 begin',
      'r1 begun',
      'r2 begin',
      'r2 begun',
    ]);
    expect(lines.every((line) => !('diff' in line))).toBe(true);
    expect(unreadable).toBe(1);
  });

  test('gives one run with what differs, and who went on with it', () => {
    const { stdout } = sh(readJournal('r1', journal()));
    const { lines } = parseJournal(stdout.slice(stdout.indexOf('\n') + 1));
    expect(lines.map(({ run, phase }) => `${run} ${phase}`).slice(-2)).toEqual(['r1 begun', 'r2 begin']);
    expect(lines[1]).toMatchObject({ diff: '-old' });
    const second = sh(readJournal('r2', journal())).stdout;
    expect(parseJournal(second).lines.at(-1)).toMatchObject({ diff: ',"diff":"x"' });
  });

  test('finds nothing on a host that was never changed', () => {
    expect(sh(readJournal(undefined, fileIn()))).toMatchObject({ status: 0, stdout: '\n', stderr: '' });
  });
});
