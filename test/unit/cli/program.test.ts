import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { main } from '../../../src/cli/program.ts';
import { folderOf } from '../support.ts';

const written = { stdout: '', stderr: '' };
const home = process.cwd();

beforeEach(() => {
  // A folder without an inventory that would be taken by itself.
  process.chdir(folderOf({}));
  for (const stream of ['stdout', 'stderr'] as const) {
    written[stream] = '';
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  process.chdir(home);
});

/** Runs drover as the command line would; returns its exit code. */
const drover = (...args: readonly string[]) => main(['node', 'drover', ...args]);

describe('a wrong command line', () => {
  test.each<[string[], RegExp]>([
    [['nope'], /there is no verb "nope"/],
    [['reinit', '-i', 'a,'], /missing required argument 'node'/],
    [['plan', '-f', '0', '-i', 'a,'], /must be a number above 0/],
    [['status'], /no inventory given\n {2}-i FILE names it/],
    [['switchover', '-i', 'a,', '--cancel', '--to', 'a'], /--cancel goes with neither --to nor --at/],
    [['switchover', '-i', 'a,', '--at', '2040-01-01T10:00'], /is no date, time and zone in ISO 8601/],
    [['switchover', '-i', 'a,', '--at', '2020-01-01T10:00Z'], /2020-01-01T10:00Z is over/],
    [['edit-config', '-i', 'a,', '-s', 'ttl'], /"ttl" is not key=value/],
    [['replace', '-i', 'a,', 'a', 'a', '--no-verify'], /a cannot take its own place/],
  ])('%j has exit code 64', async (args, message) => {
    expect(await drover(...args)).toBe(64);
    expect(written.stderr).toMatch(message);
  });

  test('of a file that is no plan has exit code 5', async () => {
    expect(await drover('apply', '/nowhere/plan.json')).toBe(5);
    expect(written.stderr).toContain('/nowhere/plan.json is no plan');
  });
});

test('a verb that needs no host runs from its entry in the list', async () => {
  const folder = folderOf({
    'hosts.yml': 'all: { hosts: { a: , b: } }',
    'play.yml': '- { name: p, hosts: all, tasks: [{ name: t, debug: { msg: hello } }] }',
  });
  expect(await drover('validate', `${folder}/play.yml`, '-i', `${folder}/hosts.yml`)).toBe(0);
  expect(written.stderr).toBe('valid: 1 play on 2 hosts\n');
  expect(await drover('inventory', 'list-hosts', 'b', '-i', `${folder}/hosts.yml`)).toBe(0);
  expect(written.stdout).toBe('b\n');
});
