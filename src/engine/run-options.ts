import type { VariableSources } from '../config/host-variables.ts';
import type { Play, Rolling, Task } from '../config/playbook/model.ts';
import type { VaultKeys } from '../config/vault.ts';
import type { Vault } from '../core/secrets.ts';
import type { Layer, Scope } from '../vars/scope.ts';
import type { Emit } from './events.ts';
import type { FactsCache } from './hosts/facts-cache.ts';
import type { Fleet, HostNeed } from './hosts/fleet.ts';
import type { Connection } from './hosts/host-run.ts';
import type { Journal } from './journal/journal.ts';
import type { HostChange, TaskReport } from './tasks/outcome.ts';

/** What a cluster has to say to a play that rolls over its hosts. */
export interface RollingGuide {
  /** The hosts, as the play is to take them. */
  order(rolling: Rolling, hosts: readonly string[]): Promise<readonly string[]>;
  /**
   * Why nothing on this host may be interrupted now; undefined when it may. `ahead` of the run's changes the cluster's
   * settings count for nothing: they may be among them.
   */
  refusal(rolling: Rolling, host: string, ahead: boolean): Promise<string | undefined>;
  /** What the host still lacks to count as well; undefined when it is. */
  missing(rolling: Rolling, host: string): Promise<string | undefined>;
}

/** What others see of a run: its hosts, and their variables. */
export interface RunView {
  readonly fleet: Fleet;
  scope(host: string): Scope;
}

/** A play, its hosts, and those of them that the run is limited to. */
export interface PlayOnHosts {
  readonly play: Play;
  readonly hosts: readonly string[];
  readonly limited: readonly string[];
}

export interface RunOptions {
  /** Identifies the run in locks and logs. */
  readonly id: string;
  readonly command: string;
  readonly plays: readonly PlayOnHosts[];
  readonly variables: VariableSources;
  readonly vault: Vault;
  /** What opens encrypted files that tasks name only at run time. */
  readonly keys: VaultKeys;
  /** Secret variables, live: filled in before the first plan. */
  readonly secrets: Layer;
  /** Become root where neither task nor play says. */
  readonly become: boolean;
  readonly forks: number;
  readonly skipUnreachable: boolean;
  readonly lockTimeout: number;
  readonly cache?: FactsCache;
  /** Where changes are noted on the hosts, by runs that make some. */
  readonly journal?: Journal;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  connect(host: string): Promise<Connection>;
  selects(task: Task): boolean;
  /** Asks before a disruptive change; resolves to false when it is refused. */
  confirm(question: string, changes: readonly HostChange[]): Promise<boolean>;
  /** What goes on while changes are made. */
  readonly around?: (
    run: RunView,
    planned: readonly TaskReport[],
    work: () => Promise<void>,
  ) => Promise<void>;
  /** Knows the cluster that rolling plays go over. */
  readonly guide?: (run: RunView) => RollingGuide;
  /** Facts that somebody beside the tasks wants, gathered in the first trip. */
  needsBeside?(): readonly HostNeed[];
  /** Called with what was collected, before the plan counts. */
  readonly inspect?: (fleet: Fleet) => void;
}
