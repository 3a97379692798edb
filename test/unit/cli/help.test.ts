import { describe, expect, test } from 'vitest';
import { describeVerbs } from '../../../src/cli/program.ts';
import type { Verb } from '../../../src/cli/verb.ts';
import { splitWords } from '../../../src/shell/words.ts';

/** The verbs, none of which does anything when it is called. */
const program = () => describeVerbs(() => Promise.resolve());

function verbsBelow(parent: Verb, path: string): [string, Verb][] {
  return parent.verbs.flatMap((verb): [string, Verb][] => {
    const name = `${path} ${verb.name()}`;
    return [[name, verb], ...verbsBelow(verb, name)];
  });
}
const verbs = verbsBelow(program(), 'drover');
const having = (flag: string) =>
  verbs
    .filter(([, verb]) => verb.options.some(({ short, long }) => short === flag || long === flag))
    .map(([path]) => path);

/** An example without what the shell does with its output. */
function lineOf(example: string): string {
  return example.replace(/^source <\((.*)\)$|^(.*) \| (?:jq|source).*$/, '$1$2');
}

/** What a command line comes to: the verb's arguments and flags. */
async function parse(...words: string[]): Promise<{ args: unknown[]; flags: Record<string, unknown> }> {
  const root = program();
  await root.parseAsync(['node', 'drover', ...words]);
  const verb = root.commands.find((each) => each.name() === words[0]);
  return { args: verb?.processedArgs ?? [], flags: verb?.opts() ?? {} };
}

describe.each(verbs)('the help of %s', (path, verb) => {
  test('shows its own options before those it shares', () => {
    const groups = verb.options.map(({ helpGroupHeading = '' }) => helpGroupHeading);
    expect(groups).toEqual([...groups].sort());
  });

  test('has examples that parse', async () => {
    const isOfCluster = verb.options.some(({ long }) => long === '--private-key');
    expect(verb.examples.length).toBeGreaterThanOrEqual(isOfCluster ? 3 : 1);
    for (const { line } of verb.examples) {
      const [, ...words] = splitWords(lineOf(line)) ?? [];
      await expect(program().parseAsync(['node', 'drover', ...words])).resolves.toBeDefined();
    }
    expect(verb.examples.some(({ line }) => `${lineOf(line)} `.startsWith(`${path} `))).toBe(true);
  });

  test('says what it exits with', () => {
    if (verb.commands.length > 0) return;
    const codes = verb.exitCodes.map(([code]) => code);
    expect(codes).toEqual(expect.arrayContaining([0, 1, 64]));
    expect(verb.helpInformation()).toContain('\n\nExit codes:\n  0 ');
  });
});

test.each<[string, string[]]>([
  // What a verb does as root whether or not it is told has no option for it.
  ['-b', ['plan', 'play', 'drift', 'apply', 'history', 'resume', 'exec']],
  [
    '-v',
    [
      'provision',
      'upgrade',
      'plan',
      'apply',
      'play',
      'verify',
      'switchover',
      'failover',
      'restart',
      'reload',
      'reinit',
      'pause',
      'resume',
      'edit-config',
      'rebalance',
      'remove',
      'replace',
    ],
  ],
  ['-t', ['provision', 'upgrade', 'plan', 'play', 'drift']],
  // What is only shown asks nothing and waits for no lock.
  [
    '-y',
    [
      'provision',
      'upgrade',
      'apply',
      'play',
      'switchover',
      'failover',
      'restart',
      'reload',
      'reinit',
      'pause',
      'resume',
      'edit-config',
      'rebalance',
      'remove',
      'replace',
    ],
  ],
  [
    '-C',
    [
      'provision',
      'upgrade',
      'play',
      'switchover',
      'failover',
      'restart',
      'reload',
      'reinit',
      'pause',
      'resume',
      'edit-config',
      'rebalance',
      'remove',
      'replace',
    ],
  ],
])('%s is an option of those verbs only for which it means something', (flag, names) => {
  expect(having(flag).sort()).toEqual(names.map((name) => `drover ${name}`).sort());
});

describe('the command of exec', () => {
  const run = { args: ['all', ['df', '-h', '--', '-i']] };
  test.each<[string[]]>([
    [['exec', '-i', 'inv', 'all', 'df', '-h', '--', '-i']],
    [['exec', 'all', '-i', 'inv', 'df', '-h', '--', '-i']],
    [['exec', 'all', '-i', 'inv', '--', 'df', '-h', '--', '-i']],
    [['exec', '-i', 'inv', 'all', '--', 'df', '-h', '--', '-i']],
  ])('%j begins after options, and has its own', async (words) => {
    expect(await parse(...words)).toMatchObject({ ...run, flags: { inventory: ['inv'] } });
  });

  test('is not there without a word after the options', async () => {
    await expect(parse('exec', 'all', '-i', 'inv')).rejects.toThrow(/missing required argument 'command'/);
  });
});

test.each([
  [['plan', 'x.yml', '-D', '-i', 'inv']],
  [['plan', '-D', '-i', 'inv', 'x.yml']],
  [['plan', '-D', 'x.yml', '-i', 'inv']],
])('options may stand on either side of an argument: %j', async (words) => {
  expect(await parse(...words)).toMatchObject({ args: ['x.yml'], flags: { diff: true, inventory: ['inv'] } });
});
