import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { main } from '../../../src/cli/program.ts';
import { folderOf } from '../support.ts';

const written = { stdout: '', stderr: '' };

beforeEach(() => {
  for (const stream of ['stdout', 'stderr'] as const) {
    written[stream] = '';
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    });
  }
});
afterEach(() => vi.restoreAllMocks());

/** Runs drover as the command line would; returns its exit code. */
const drover = (...args: readonly string[]) => main(['node', 'drover', ...args]);

async function verbs(): Promise<string[]> {
  await drover('--help');
  const [, commands = ''] = written.stdout.split('Commands:\n');
  return [...commands.matchAll(/^ {2}(\S+)/gm)]
    .map(([, verb]) => verb ?? '')
    .filter((verb) => verb !== 'help');
}

describe('the list of verbs', () => {
  test('has a help text for each', async () => {
    const names = await verbs();
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) {
      written.stdout = '';
      expect(await drover(name, '--help')).toBe(0);
      expect(written.stdout).toMatch(new RegExp(`^Usage: drover ${name} .*\n\n\\S`));
    }
  });

  test('shows no empty list as a default', async () => {
    await drover('plan', '--help');
    expect(written.stdout).not.toContain('default: []');
  });
});

describe('a wrong command line', () => {
  test.each<[string[], RegExp]>([
    [['nope'], /unknown command 'nope'/],
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
