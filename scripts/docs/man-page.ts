import { readFileSync } from 'node:fs';
import type { Command, Option } from 'commander';
import { exitMeanings } from '../../src/cli/exit-codes.ts';
import { optionNamed, optionNames } from '../../src/cli/options.ts';
import { describeVerbs } from '../../src/cli/program.ts';
import { usageOf, type Verb } from '../../src/cli/verb.ts';

/** The man page, from the verbs as they are declared: `man docs/drover.1`. */
export function manPage(): string {
  const program = describeVerbs(() => Promise.resolve());
  const what = program.description();
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const verbs = program.verbs;
  const shared = new Set(
    verbs
      .flatMap(withBelow)
      .flatMap((verb) => verb.options.filter(isShared).map((option) => option.attributeName())),
  );
  return `${[
    '.\\" Made by npm run docs; edits go into the sources.',
    `.TH DROVER 1 "" "drover ${version}" "User Commands"`,
    '.SH NAME',
    `drover \\- ${roff(`${what.charAt(0).toLowerCase()}${what.slice(1, -1)}`)}`,
    '.SH SYNOPSIS',
    '.B drover',
    '.I verb',
    '.RI [ options ]',
    '.RI [ arguments ]',
    '.SH VERBS',
    ...verbs.flatMap((verb) => withBelow(verb)).flatMap(verbPart),
    '.SH COMMON OPTIONS',
    'Each verb takes those that mean something to it;',
    '.B drover',
    '.I verb',
    '.B \\-\\-help',
    'lists them.',
    ...optionNames
      .filter((name) => shared.has(name))
      .map(optionNamed)
      .flatMap(optionPart),
    '.SH EXIT STATUS',
    ...Object.entries(exitMeanings).flatMap(([code, meaning]) => ['.TP', `.B ${code}`, roff(meaning)]),
    '.SH EXAMPLES',
    ...program.examples.flatMap(({ line, purpose }) => ['.TP', `.B ${roff(line)}`, roff(purpose)]),
  ].join('\n')}\n`;
}

/** A verb, or those below it. */
function withBelow(verb: Verb): Verb[] {
  return verb.verbs.length > 0 ? verb.verbs : [verb];
}

const isShared = ({ helpGroupHeading }: Option) => helpGroupHeading !== undefined;

function verbPart(verb: Verb): string[] {
  return [
    `.SS ${roff([pathOf(verb), ...verb.registeredArguments.map(usageOf)].join(' '))}`,
    roff(`${verb.description().slice(0, 1).toUpperCase()}${verb.description().slice(1)}.`),
    ...verb.options.filter((option) => !isShared(option)).flatMap(optionPart),
    ...(verb.examples.length === 0 ? [] : ['.PP', 'Examples:']),
    ...verb.examples.flatMap(({ line, purpose }) => ['.TP', `.B ${roff(line)}`, roff(purpose)]),
  ];
}

function pathOf(verb: Command): string {
  return verb.parent?.parent ? `${verb.parent.name()} ${verb.name()}` : verb.name();
}

function optionPart(option: Option): string[] {
  const text = describe(option);
  return ['.TP', `.B ${roff(option.flags)}`, roff(text)];
}

function describe({ description, defaultValue, argChoices }: Option): string {
  const isShown = defaultValue !== undefined && !Array.isArray(defaultValue) && defaultValue !== 0;
  return [
    description,
    ...(argChoices ? [`; one of ${argChoices.join(', ')}`] : []),
    ...(isShown && typeof defaultValue !== 'boolean' ? [` (default: ${String(defaultValue)})`] : []),
  ].join('');
}

/** Text as roff takes it: no line of it is a request, and its hyphens can be copied. */
function roff(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replace(/^[.']/, '\\&$&');
}
