import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { diffCommand } from '../../../src/modules/command-task.ts';
import { quote } from '../../../src/shell/quote.ts';

/** Runs a command line as a task's change does. */
function runTask(line: string) {
  const verdict = diffCommand({ creates: [], removes: [] }, {}, line, `(set +e\n${line}\n)`);
  if (verdict.state !== 'changes') throw new Error(verdict.state);
  const script = verdict.changes[0]?.script ?? '';
  const { status, stdout, stderr } = spawnSync('sh', ['-euc', script], { encoding: 'utf8', timeout: 20_000 });
  return { status, stdout, stderr };
}

it('ends with the command, and has nothing of what that left running', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-end-'));
  const sign = join(folder, 'sign');
  try {
    const waits = `until [ -e ${quote(sign)} ]; do sleep 0.1; done; echo late; echo late >&2`;
    expect(runTask(`(${waits}) & echo now; echo then >&2; exit 3`)).toEqual({
      status: 3,
      stdout: 'now\n',
      stderr: 'then\n',
    });
  } finally {
    writeFileSync(sign, '');
    rmSync(folder, { recursive: true });
  }
});

it.each([
  ['nothing', ':', 0, '', ''],
  ['a line without an end', 'printf "a\\nb"; printf c >&2', 0, 'a\nb\n', 'c\n'],
  ['bytes that are no text', "printf 'a\\000\\377\\n\\n'", 0, 'a\0\uFFFD\n\n', ''],
  ['much', 'seq 100000 | tail -n 1', 0, '100000\n', ''],
])('has all that the command said: %s', (_, line, status, stdout, stderr) => {
  expect(runTask(line)).toEqual({ status, stdout, stderr });
});
