import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/core/errors.ts';
import { describeVerbs } from '../../../src/cli/program.ts';
import { elsewhere, explainFlag, refuseVerb } from '../../../src/cli/signposts.ts';

const program = describeVerbs(() => Promise.resolve());
const known = program.commands.map((verb) => verb.name());
const lab = program.commands.find((verb) => verb.name() === 'lab') ?? program;

function hintFor(word: string, parent: Command = program): string | undefined {
  try {
    return refuseVerb(word, parent);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.hint;
  }
}

describe('a verb that there is not', () => {
  test.each([
    ['logs', /drover exec postgres -b -- journalctl -u patroni/],
    ['psql', /psql -h HAPROXY -p 5000/],
    ['backup', /pgBackRest/],
    ['maintenance', /drover pause/],
    ['statsu', /did you mean "status"/],
    ['nonsense', /drover --help lists them/],
  ])('%s points on', (word, hint) => {
    expect(hintFor(word)).toMatch(hint);
  });

  test('is looked for among its siblings below another verb', () => {
    expect(hintFor('kil', lab)).toBe('did you mean "kill"?');
    expect(hintFor('logs', lab)).toBe('drover lab --help lists them');
  });

  test.each(Object.entries(elsewhere))('%s is no verb, and is led to one that there is', (word, hint) => {
    expect(known).not.toContain(word);
    for (const [, verb] of hint.matchAll(/drover ([a-z-]+)/g)) expect(known).toContain(verb);
  });
});

test('an option of another tool is explained, and no other', () => {
  expect(explainFlag("error: unknown option '--output'\n")).toContain('--json');
  expect(explainFlag("error: unknown option '--output=json'\n")).toContain('--json');
  expect(explainFlag("error: unknown option '--colour'\n")).toBe('');
});
