import { Command, Help, Option, type Argument } from 'commander';
import { exitMeanings, always } from './exit-codes.ts';
import type { ExitCode } from '../core/errors.ts';
import { optionNamed, optionNames, type OptionName } from './options.ts';

// The heading of the options that a verb shares with others.
const commonHeading = 'Common options:';

/** A command line that a verb's help shows, and what it is for. */
interface Example {
  readonly line: string;
  readonly purpose: string;
}

/** A verb, declared once: its help, the completion of shells and the man page are made from this. */
export class Verb extends Command {
  readonly examples: Example[] = [];
  /** Those below it. */
  readonly verbs: Verb[] = [];
  readonly #exits = new Map<ExitCode, string>(always.map((code) => [code, exitMeanings[code]]));
  #endsInCommand = false;

  override createCommand(name?: string): Verb {
    return new Verb(name);
  }

  override createHelp(): Help {
    return Object.assign(new VerbHelp(), this.configureHelp());
  }

  /** Adds a verb below this one. */
  verb(name: string, summary: string): Verb {
    const path = this.parent ? `${this.name()} ${name}` : name;
    const verb = new Verb(name).copyInheritedSettings(this).helpCommand(false).description(summary);
    this.addCommand(verb.showHelpAfterError(`(drover ${path} --help lists its options)`));
    this.verbs.push(verb);
    return verb;
  }

  /** Options of its own that other verbs have as well. */
  takes(...names: readonly OptionName[]): this {
    for (const name of names) this.addOption(optionNamed(name));
    return this;
  }

  /** The options that most verbs have; the help lists them last. */
  shares(...names: readonly OptionName[]): this {
    for (const name of optionNames.filter((each) => names.includes(each)))
      this.addOption(optionNamed(name).helpGroup(commonHeading));
    this.addHelpOption(new Option('-h, --help', 'print this').helpGroup(commonHeading));
    return this;
  }

  /** What it can exit with, beside what any verb can: codes, and meanings that differ from the general one. */
  exits(...codes: readonly (ExitCode | readonly [ExitCode, string])[]): this {
    for (const code of codes) {
      const [number, meaning] = typeof code === 'number' ? [code, exitMeanings[code]] : code;
      this.#exits.set(number, meaning);
    }
    return this;
  }

  /** In ascending order. */
  get exitCodes(): (readonly [ExitCode, string])[] {
    return [...this.#exits].sort(([one], [other]) => one - other);
  }

  example(line: string, purpose: string): this {
    this.examples.push({ line, purpose });
    return this;
  }

  /** Its last argument is a command line of its own, whose options are none of drover's. */
  endsInCommand(): this {
    this.#endsInCommand = true;
    return this.passThroughOptions();
  }

  /** Options may stand before and after what comes before the command; `--` may stand before it. */
  override parseOptions(words: string[]): ReturnType<Command['parseOptions']> {
    const { operands, unknown } = super.parseOptions(words);
    const before = this.registeredArguments.length - 1;
    if (!this.#endsInCommand || operands.length <= before) return { operands, unknown };
    const rest = super.parseOptions(operands.slice(before));
    return {
      operands: [...operands.slice(0, before), ...rest.operands],
      unknown: [...unknown, ...rest.unknown],
    };
  }
}

/** The help of commander, with examples and exit codes at its end. */
class VerbHelp extends Help {
  override optionDescription(option: Option): string {
    // An empty list tells nothing.
    return super.optionDescription(option).replace(/ \(default: \[\]\)$/, '');
  }

  override subcommandTerm(verb: Command): string {
    return [verb.name(), ...verb.registeredArguments.map(usageOf)].join(' ');
  }

  override formatHelp(verb: Command, helper: Help): string {
    const text = super.formatHelp(verb, helper);
    if (!(verb instanceof Verb)) return text;
    const examples = verb.examples.map(({ line, purpose }) => [line, purpose] as const);
    const codes = verb.commands.length > 0 ? [] : verb.exitCodes;
    return [text, this.#list('Examples:', examples), this.#list('Exit codes:', codes)].join('');
  }

  #list(title: string, rows: readonly (readonly [term: string | number, text: string])[]): string {
    if (rows.length === 0) return '';
    const width = Math.max(...rows.map(([term]) => String(term).length));
    const lines = rows.map(([term, text]) => this.formatItem(String(term), width, text, this));
    return `\n${title}\n${lines.join('\n')}\n`;
  }
}

/** An argument as the usage line writes it. */
export function usageOf(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}
