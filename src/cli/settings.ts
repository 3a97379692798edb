// What the command line leaves out: flag, DROVER_… variable, drover.yml, default - the first that says something counts.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { InvalidArgumentError, type Command, type Option } from 'commander';
import { slipOf } from '../core/diagnostics.ts';
import { UsageError } from '../core/errors.ts';
import { isOthersFolder } from '../core/trusted-file.ts';
import { settable } from './options.ts';
import { say } from './print.ts';
import type { Setting, Settings } from './settings-file.ts';

/** The file in the working directory that says what one always gives. */
const settingsFile = 'drover.yml';

/** Inventories that are taken without being named, the first that is there. */
const usualInventories = ['inventory.yml', 'inventory/'];

/** Gives a verb the settings that the command line does not, and an inventory where none is named. */
export async function fillIn(verb: Command, environment: NodeJS.ProcessEnv): Promise<void> {
  if (!verb.options.some((option) => settable.has(nameOf(option)))) return;
  const isTrusted = trustsFolder();
  const fromEnvironment = readEnvironment(environment);
  const fromFile: Settings =
    isTrusted && existsSync(settingsFile)
      ? (await import('./settings-file.ts')).readSettings(settingsFile)
      : new Map();
  for (const option of verb.options.filter((each) => !isTyped(verb, each))) {
    const name = nameOf(option);
    const setting = fromEnvironment.get(name) ?? fromFile.get(name);
    if (setting) verb.setOptionValueWithSource(option.attributeName(), valueOf(option, setting), 'config');
    else if (name === 'inventory' && isTrusted)
      verb.setOptionValueWithSource(
        name,
        usualInventories.filter((path) => existsSync(path)).slice(0, 1),
        'config',
      );
    if (name !== 'inventory') continue;
    const chosen = verb.getOptionValue(name) as string[];
    if (chosen.length > 0) say(`inventory: ${chosen.join(', ')}`);
  }
}

/** The name of an option in the file; in the environment it is DROVER_, capitals, and _ for -. */
export function nameOf({ long }: Option): string {
  return (long ?? '').slice(2);
}

function isTyped(verb: Command, option: Option): boolean {
  return verb.getOptionValueSource(option.attributeName()) === 'cli';
}

/** Whoever else can write to this folder could have this user run programs of theirs. */
function trustsFolder(): boolean {
  if (!isOthersFolder('.')) return true;
  const passed = [settingsFile, ...usualInventories].filter((path) => existsSync(path));
  if (passed.length > 0)
    say(
      `${passed.join(', ')}: not read, as other users can write to this folder; the command line can name them`,
    );
  return false;
}

function readEnvironment(environment: NodeJS.ProcessEnv): Settings {
  const names = new Map([...settable].map((name) => [name.toUpperCase().replaceAll('-', '_'), name]));
  const settings = new Map<string, Setting>();
  for (const [variable, value] of Object.entries(environment)) {
    const [, word] = /^DROVER_(\w+)$/.exec(variable) ?? [];
    if (word === undefined || value === undefined || value === '') continue;
    const name = names.get(word);
    const meant = slipOf(word, [...names.keys()]);
    const refuse = (problem: string): never => {
      throw new UsageError(`${variable}=${value} ${problem}`);
    };
    if (name !== undefined) settings.set(name, { values: [value], refuse });
    else if (meant !== undefined) say(`${variable} means nothing to drover: is it DROVER_${meant}?`);
  }
  return settings;
}

function valueOf(option: Option, setting: Setting): unknown {
  return option.required ? parse(option, setting) : toFlag(option, setting);
}

function parse(option: Option, { values, refuse }: Setting): unknown {
  const parser = option.parseArg as ((value: string, former: unknown) => unknown) | undefined;
  const isList = Array.isArray(option.defaultValue);
  if (values.length > 1 && !isList) refuse('must be one value');
  return values.reduce<unknown>((former, value) => {
    const text = value.replace(/^~(?=\/)/, homedir());
    try {
      return parser ? parser(text, former) : text;
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      return refuse(error.message);
    }
  }, option.defaultValue);
}

function toFlag(option: Option, { values, refuse }: Setting): unknown {
  const [word = ''] = values;
  const isOn = /^(1|true|yes|on)$/i.test(word);
  if (values.length !== 1 || (!isOn && !/^(0|false|no|off)$/i.test(word)))
    return refuse('must be true or false');
  if (option.negate) return !isOn;
  return isOn && option.parseArg ? option.parseArg('', option.defaultValue) : isOn;
}
