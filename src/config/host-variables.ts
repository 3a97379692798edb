import { memoize } from '../core/memo.ts';
import { LazyMap, type Value } from '../vars/value.ts';
import { NotYetKnown, Scope, type Layer, type LiveLayer, type Variable } from '../vars/scope.ts';
import type { Inventory } from './inventory/model.ts';

/** What a run adds to a host's variables while it proceeds. */
export interface RunVariables {
  /** The host's facts; throws NotYetKnown while they are not there. */
  facts(): Value;
  /** Registered results and set_facts, live. */
  readonly registered: LiveLayer;
  /** Secrets by variable name, as placeholders. */
  readonly secrets: LiveLayer;
}

/** What is known of a run before it: no facts and no results, and secrets only where they are given. */
export function beforeTheRun(reason: string, secrets: LiveLayer = new Map()): RunVariables {
  return {
    facts: () => {
      throw new NotYetKnown(reason);
    },
    registered: new Map(),
    secrets,
  };
}

/** All sources of variables besides hosts and plays. */
export interface VariableSources {
  readonly inventory: Inventory;
  readonly defaults: Layer;
  /** `-e`. */
  readonly extra: Layer;
  readonly playbookDir: string;
  readonly checkMode: boolean;
}

class HostVars extends LazyMap {
  readonly #sources: VariableSources;
  readonly #run: (host: string) => RunVariables;
  // One scope a host, so that variables that refer to each other across hosts are found out.
  readonly #host = memoize((host: string) => new ScopeMap(scopeWith(this, this.#sources, host, this.#run)));

  constructor(sources: VariableSources, run: (host: string) => RunVariables) {
    super();
    this.#sources = sources;
    this.#run = run;
  }

  get(key: string): Value | undefined {
    const host = this.#sources.inventory.hostNamed(key);
    return host && this.#host(host.name);
  }

  keys(): Iterable<string> {
    return this.#sources.inventory.hosts.keys();
  }
}

class ScopeMap extends LazyMap {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    super();
    this.#scope = scope;
  }

  get(key: string): Value | undefined {
    return this.#scope.get(key);
  }

  keys(): Iterable<string> {
    return this.#scope.names();
  }
}

interface PlayVariables {
  readonly vars: Layer;
  /** Hosts of the play that are in the run. */
  readonly hosts: readonly string[];
  /** Those of them that are done together, by `serial`. */
  readonly batch: readonly string[];
}

interface TaskVariables {
  readonly vars: Layer;
  readonly includeVars: Layer;
}

/**
 * The variables of a host, in a play or outside one. Strongest first: drover's own names, `-e`, those of
 * `include_tasks`, registered and set in the run, the play's, secrets, the host's and its groups', defaults. A task's own go between the run's and the
 * play's.
 */
export function scopeOf(
  sources: VariableSources,
  host: string,
  run: (host: string) => RunVariables,
  play?: PlayVariables,
  task?: TaskVariables,
): Scope {
  return scopeWith(new HostVars(sources, run), sources, host, run, play, task);
}

function scopeWith(
  hostvars: HostVars,
  sources: VariableSources,
  host: string,
  run: (host: string) => RunVariables,
  play?: PlayVariables,
  task?: TaskVariables,
): Scope {
  const { inventory, defaults, extra, playbookDir, checkMode } = sources;
  const own = run(host);
  const groups = () =>
    Object.fromEntries([...inventory.groups.keys()].map((name) => [name, inventory.hostsOf(name)] as const));
  const magic = new Map<string, Variable>([
    ['inventory_hostname', { value: host }],
    ['inventory_hostname_short', { value: host.split('.')[0] ?? host }],
    ['inventory_dir', { value: inventory.folder }],
    ['playbook_dir', { value: playbookDir }],
    ['group_names', { compute: () => inventory.groupsOf(host).filter((name) => name !== 'all') }],
    ['groups', { compute: groups }],
    ['hostvars', { value: hostvars }],
    ['ansible_play_hosts', { value: [...(play?.hosts ?? [])] }],
    ['ansible_play_batch', { value: [...(play?.batch ?? [])] }],
    ['facts', { compute: () => own.facts() }],
    ['ansible_check_mode', { value: checkMode }],
  ]);
  return new Scope([
    magic,
    extra,
    task?.includeVars ?? new Map(),
    own.registered,
    task?.vars ?? new Map(),
    play?.vars ?? new Map(),
    own.secrets,
    ...inventory.layersOf(host),
    defaults,
  ]);
}
