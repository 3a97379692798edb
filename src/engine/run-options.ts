import type { VariableSources } from '../config/host-variables.ts';
import type { Play, Task } from '../config/playbook/model.ts';
import type { Vault } from '../core/secrets.ts';
import type { Layer } from '../vars/scope.ts';
import type { Emit } from './events.ts';
import type { FactsCache } from './hosts/facts-cache.ts';
import type { Fleet } from './hosts/fleet.ts';
import type { Connection } from './hosts/host-run.ts';
import type { Journal } from './journal/journal.ts';
import type { HostChange, HostNeed, Plan } from './planning/plan.ts';
import type { RollingGuide } from './applying/rolling.ts';
import type { Run } from './run.ts';

export interface RunOptions {
  /** Identifies the run in locks and logs. */
  readonly id: string;
  readonly command: string;
  readonly plays: readonly {
    readonly play: Play;
    readonly hosts: readonly string[];
    readonly limited: readonly string[];
  }[];
  readonly variables: VariableSources;
  readonly vault: Vault;
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
  readonly around?: (run: Run, plan: Plan, work: () => Promise<void>) => Promise<void>;
  /** Knows the cluster that rolling plays go over. */
  readonly guide?: (run: Run) => RollingGuide;
  /** Facts that somebody beside the tasks wants, gathered in the first trip. */
  needsBeside?(): readonly HostNeed[];
  /** Called with what was collected, before the plan counts. */
  readonly inspect?: (fleet: Fleet) => void;
}
