import { dirname, resolve } from 'node:path';
import { checkCluster } from '../cluster/check.ts';
import { checkForeignNames } from '../cluster/check-names.ts';
import { rollingNames } from '../cluster/guide.ts';
import { checkRun, hostsOfPlay } from '../config/check.ts';
import { homeOf } from '../config/component-folders.ts';
import {
  defaultsLayer,
  loadDeclarations,
  noDeclarations,
  type Declarations,
} from '../config/declarations.ts';
import type { Software } from '../config/software.ts';
import { parseExtraVars, withTypes } from '../config/extra-vars.ts';
import { Problems } from '../config/files.ts';
import { beforeTheRun, scopeOf, type VariableSources } from '../config/host-variables.ts';
import { loadInventory } from '../config/inventory/load.ts';
import type { Inventory } from '../config/inventory/model.ts';
import { PatternError, selectHosts } from '../config/inventory/patterns.ts';
import { loadPlaybook } from '../config/playbook/load.ts';
import { tasksOf, type Play } from '../config/playbook/model.ts';
import type { PlayOnHosts } from '../engine/run-options.ts';
import { InvalidInputError, UsageError } from '../core/errors.ts';
import { VaultKeys, type VaultPassword } from '../config/vault.ts';
import { modules } from '../modules/registry.ts';
import { NotYetKnown, Scope, type Layer, type Variable } from '../vars/scope.ts';

/** What the command line says about a run's input. */
export interface InputOptions {
  readonly inventory: readonly string[];
  readonly limit?: string | undefined;
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly extraVars: readonly string[];
  /** What opens the texts that ansible-vault has encrypted. */
  readonly vaultPasswords?: readonly VaultPassword[];
  /** Whose group_vars and host_vars count where no playbook is run. */
  readonly playbookDir?: string | undefined;
  /** A host to leave out, as if it were not in the inventory. */
  readonly without?: string;
}

/** Inventory, plays and variables, read and checked as far as possible without connecting to hosts. */
export interface LoadedRun {
  readonly inventory: Inventory;
  readonly plays: readonly PlayOnHosts[];
  readonly declarations: Declarations;
  readonly variables: VariableSources;
  /** Names of the variables of `-e`. */
  readonly extraVars: readonly string[];
  /** What opens the texts of ansible-vault; those that it has opened are to be masked wherever they would be shown. */
  readonly keys: VaultKeys;
}

/** Reads and checks everything; throws all problems together. */
export function loadRun(playbookPath: string, options: InputOptions, checkMode: boolean): LoadedRun {
  requireInventory(options);
  const problems = new Problems(new VaultKeys(options.vaultPasswords));
  const folder = dirname(resolve(playbookPath));
  const declarations = loadDeclarations(homeOf(folder), problems);
  const playbook = loadPlaybook(playbookPath, { modules, rolling: rollingNames }, problems);
  const inventory = loadInventory(options.inventory, playbook.folders, problems);
  for (const { group, optional } of declarations.software) if (optional) inventory.group(group);
  // Without hosts every pattern would be reported too.
  if (inventory.hosts.size === 0 && problems.list.length > 0) throw new InvalidInputError(problems.list);
  const extra = withTypes(parseExtraVars(options.extraVars, problems), declarations);
  const sources = (): VariableSources => ({
    inventory,
    // Of a component that no host has, nothing is installed or written anywhere.
    defaults: defaultsLayer({ ...declarations, software: declarations.software.filter(isUsedIn(inventory)) }),
    extra,
    playbookDir: folder,
    checkMode,
  });
  const run = runWithoutFacts(declarations);
  const whole = sources();
  checkCluster(inventory, declarations, (host) => scopeOf(whole, host, () => run), problems);
  // Of what is left without it, the verb itself says whether it will do.
  if (options.without !== undefined) inventory.leaveOut(options.without);
  const variables = sources();
  const general = new Scope([extra, variables.defaults]);
  const unread = checkRun(
    {
      inventory,
      extra,
      general,
      plays: playbook.plays,
      declarations,
      scopeOf: (host, play) => scopeOf(variables, host, () => run, { vars: play.vars, hosts: [], batch: [] }),
    },
    problems,
  );
  checkForeignNames(unread, declarations, problems);
  checkTags(playbook.plays, options, problems);
  const limited = limitTo(inventory, options.limit, problems);
  const plays = playbook.plays.map((play) => {
    const hosts = hostsOfPlay(inventory, play, general, new Problems());
    return { play, hosts, limited: hosts.filter(limited) };
  });
  if (problems.list.length === 0 && plays.every((play) => play.limited.length === 0)) {
    problems.add({
      message: 'no hosts matched',
      hint: 'look at the plays’ hosts, --limit, and drover inventory list',
    });
  }
  if (problems.list.length > 0) throw new InvalidInputError(problems.list);
  return {
    inventory,
    plays,
    declarations,
    variables,
    extraVars: [...extra.keys()],
    keys: problems.keys,
  };
}

/** Reads only the inventory, for verbs that run no playbook. */
export function loadHosts(
  pattern: string,
  options: InputOptions,
): { inventory: Inventory; hosts: string[]; variables: VariableSources; keys: VaultKeys } {
  const problems = new Problems(new VaultKeys(options.vaultPasswords));
  const inventory = readInventory(options, problems);
  const extra = parseExtraVars(options.extraVars, problems);
  const limited = limitTo(inventory, options.limit, problems);
  const hosts = select(inventory, pattern, problems).filter(limited);
  if (problems.list.length === 0 && hosts.length === 0) problems.add({ message: 'no hosts matched' });
  if (problems.list.length > 0) throw new InvalidInputError(problems.list);
  const variables = {
    inventory,
    defaults: defaultsLayer(noDeclarations),
    extra,
    playbookDir: options.playbookDir ?? process.cwd(),
    checkMode: false,
  };
  return { inventory, hosts, variables, keys: problems.keys };
}

/** Reads an inventory that may be empty. */
export function loadInventoryOnly(options: InputOptions): Inventory {
  const problems = new Problems(new VaultKeys(options.vaultPasswords, true));
  const inventory = readInventory(options, problems);
  if (problems.list.length > 0) throw new InvalidInputError(problems.list);
  return inventory;
}

function readInventory(options: InputOptions, problems: Problems): Inventory {
  requireInventory(options);
  const { inventory, playbookDir } = options;
  return loadInventory(inventory, playbookDir === undefined ? [] : [resolve(playbookDir)], problems);
}

function isUsedIn(inventory: Inventory): (software: Software) => boolean {
  return ({ group, optional }) => !optional || inventory.hostsOf(group).length > 0;
}

function requireInventory({ inventory }: InputOptions): void {
  if (inventory.length > 0) return;
  throw new UsageError('no inventory given', {
    hint: '-i FILE names it; else inventory.yml or inventory/ in this folder is taken, and drover init makes one',
  });
}

function limitTo(
  inventory: Inventory,
  limit: string | undefined,
  problems: Problems,
): (host: string) => boolean {
  if (limit === undefined) return () => true;
  const selected = new Set(select(inventory, limit, problems));
  return (host) => selected.has(host);
}

function select(inventory: Inventory, pattern: string, problems: Problems): string[] {
  try {
    return selectHosts(inventory, pattern);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    problems.add({ message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) });
    return [];
  }
}

const specialTags = ['all', 'always', 'never', 'tagged', 'untagged'];

function checkTags(plays: readonly Play[], { tags, skipTags }: InputOptions, problems: Problems): void {
  const known = new Set([
    ...specialTags,
    ...plays.flatMap((play) => [...tasksOf(play.tasks)].flatMap((task) => task.tags)),
  ]);
  for (const tag of [...tags, ...skipTags].filter((name) => !known.has(name))) {
    problems.add({
      message: `no task has the tag "${tag}"`,
      hint: `there are: ${[...known].sort().join(', ')}`,
    });
  }
}

/** Whether tags select a task, by Ansible's rules for always, never, tagged and untagged. */
export function tagSelector({
  tags,
  skipTags,
}: InputOptions): (task: { tags: readonly string[] }) => boolean {
  const fits = (own: readonly string[], asked: readonly string[]) =>
    asked.some(
      (tag) =>
        own.includes(tag) ||
        (tag === 'all' && !own.includes('never')) ||
        (tag === 'tagged' && own.length > 0 && !own.includes('never')) ||
        (tag === 'untagged' && own.length === 0),
    );
  const skips = (own: readonly string[]) =>
    skipTags.includes('all')
      ? !own.includes('always') || skipTags.includes('always')
      : skipTags.some(
          (tag) =>
            own.includes(tag) ||
            (tag === 'tagged' && own.length > 0) ||
            (tag === 'untagged' && own.length === 0),
        );
  return ({ tags: own }) => {
    const wanted = fits(own, tags.length === 0 ? ['all'] : tags) || own.includes('always');
    return wanted && !skips(own);
  };
}

// Before the run only the names of secrets are known.
function runWithoutFacts(declarations: Declarations) {
  const secrets = [...declarations.variables.values()].filter(({ type }) => type === 'secret');
  const unknown = (reason: string): Variable => ({
    compute: () => {
      throw new NotYetKnown(reason);
    },
  });
  const layer: Layer = new Map(secrets.map(({ name }) => [name, unknown(`${name} is a secret`)]));
  return beforeTheRun('facts are not collected yet', layer);
}
