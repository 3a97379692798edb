import type { Argument, Option } from 'commander';
import type { Verb } from '../verb.ts';

/** What a word stands for: a file of this machine, one of a few words, or what only the user knows. */
export type Completed = 'file' | 'unknown' | readonly string[];

interface OutlinedOption {
  /** One or two: `-o`, `--out`. */
  readonly flags: readonly string[];
  readonly text: string;
  readonly value: Completed | undefined;
  readonly isRepeated: boolean;
}

/** A verb as completion needs it. The first is drover itself, whose path is empty. */
export interface Outline {
  /** `lab up`. */
  readonly path: string;
  readonly summary: string;
  readonly below: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly OutlinedOption[];
  readonly arguments: readonly {
    readonly name: string;
    readonly value: Completed;
    readonly isLast: boolean;
  }[];
}

/** drover and all its verbs, as they are declared. */
export function outlinesOf(verb: Verb, path = ''): Outline[] {
  const below = verb.createHelp().visibleCommands(verb);
  const own: Outline = {
    path,
    summary: verb.description(),
    below: below.map((each) => ({ name: each.name(), summary: each.description() })),
    options: verb.createHelp().visibleOptions(verb).map(outlineOption),
    arguments: verb.registeredArguments.map((argument) => ({
      name: argument.name(),
      value: valueOf(argument, argument.name()),
      isLast: argument.variadic,
    })),
  };
  return [
    own,
    ...verb.verbs.flatMap((each) => outlinesOf(each, path === '' ? each.name() : `${path} ${each.name()}`)),
  ];
}

function outlineOption(option: Option): OutlinedOption {
  const { short, long, description, flags, parseArg } = option;
  const placeholder = /<(.+?)>/.exec(flags)?.[1];
  return {
    flags: [short, long].filter((flag) => flag !== undefined),
    text: description,
    value: placeholder === undefined ? undefined : valueOf(option, placeholder),
    isRepeated: Array.isArray(option.defaultValue) || (placeholder === undefined && parseArg !== undefined),
  };
}

/** By the name it has in the help. */
function valueOf({ argChoices }: Argument | Option, placeholder: string): Completed {
  if (argChoices) return argChoices;
  return ['file', 'folder', 'inventory', 'playbook', 'source'].includes(placeholder) ? 'file' : 'unknown';
}
