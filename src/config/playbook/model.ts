import type { Diagnostic } from '../../core/diagnostics.ts';
import type { MapNode, Node, ScalarNode } from '../../core/node.ts';
import type { SourceFile, SourceFolder, SourceRange } from '../../core/source.ts';
import type { Module } from '../../modules/define-module.ts';
import type { BecomeMethod } from '../../shell/become.ts';
import type { Layer } from '../../vars/scope.ts';
import type { ConnectionWay } from '../connection.ts';
import type { Template } from '../../vars/template.ts';

/** A condition: an expression, or a plain true or false. */
export type Condition =
  | { readonly text: string; readonly template: Template }
  | { readonly text: string; readonly constant: boolean };

/** Names under which a task is selected by `--tags` and `--skip-tags`. */
type Tags = readonly string[];

/** What a task may change beyond what its module knows, so that later tasks need not all be deferred. */
export interface Provides {
  readonly paths?: readonly string[];
  readonly units?: readonly string[];
  readonly users?: readonly string[];
  readonly groups?: readonly string[];
  readonly packages?: readonly string[];
}

export interface Task {
  readonly kind: 'task';
  /** Position in the run, unique. */
  readonly id: number;
  readonly at: SourceRange;
  readonly name: ScalarNode | undefined;
  readonly module: Module;
  readonly params: MapNode;
  /** Where a relative `src` is looked for. */
  readonly folder: string;
  /** The file or folder named by `src`, where its name holds no expression. */
  readonly source: SourceFile | SourceFolder | undefined;
  readonly when: readonly Condition[];
  readonly loop: Node | undefined;
  readonly loopVariable: string;
  readonly loopLabel: ScalarNode | undefined;
  readonly register: string | undefined;
  readonly tags: Tags;
  readonly vars: Layer;
  /** Variables of the `include_tasks` around it, which win over what the run has set. */
  readonly includeVars: Layer;
  readonly become: boolean | undefined;
  readonly becomeUser: ScalarNode | undefined;
  readonly becomeMethod: BecomeMethod | undefined;
  readonly environment: MapNode | undefined;
  readonly noLog: boolean;
  readonly checkMode: boolean | undefined;
  readonly changedWhen: readonly Condition[] | undefined;
  readonly failedWhen: readonly Condition[] | undefined;
  readonly until: readonly Condition[] | undefined;
  readonly retries: number;
  /** Seconds between retries. */
  readonly delay: number;
  readonly runOnce: boolean;
  readonly delegateTo: ScalarNode | undefined;
  readonly ignoreErrors: boolean;
  /** A map like `Provides`, before it is rendered. */
  readonly provides: MapNode | undefined;
  /** Seconds. */
  readonly timeout: number | undefined;
}

/** Tasks of which a failure is handled together. */
export interface Block {
  readonly kind: 'block';
  readonly tasks: readonly TaskOrBlock[];
  readonly rescue: readonly TaskOrBlock[];
  readonly always: readonly TaskOrBlock[];
}

/** Tasks of a file that a host takes in where the conditions of `include_tasks` hold, which are asked once. */
export interface Include {
  readonly kind: 'include';
  /** The keyword as a task: its conditions, tags and name. */
  readonly task: Task;
  readonly tasks: readonly TaskOrBlock[];
}

export type TaskOrBlock = Task | Block | Include;

/** How a play goes over hosts that serve. */
export interface Rolling {
  /** Name of the order in which it takes its hosts. */
  readonly order: string;
  /** Name of what stands guard: before a service is interrupted the others must be well, after a change this host, too. */
  readonly gate: string;
  /** Seconds to wait between two batches. */
  readonly pause: number;
}

export interface Play {
  readonly at: SourceRange;
  readonly name: string;
  readonly hosts: ScalarNode;
  readonly vars: Layer;
  readonly become: boolean | undefined;
  /** How its hosts are reached, unless variables say. */
  readonly connection: ConnectionWay | undefined;
  /** Sizes of the batches: numbers or percentages; empty for all at once. */
  readonly serial: readonly (number | string)[];
  readonly rolling: Rolling | undefined;
  readonly tasks: readonly TaskOrBlock[];
}

export interface Playbook {
  readonly plays: readonly Play[];
  /** Folders of all files it is made of. */
  readonly folders: readonly string[];
}

/** All tasks of a list, those of rescue and always included, in the order they stand. */
export function* tasksOf(tasks: readonly TaskOrBlock[]): Generator<Task> {
  for (const item of tasks) {
    switch (item.kind) {
      case 'task':
        yield item;
        break;
      case 'include':
        yield item.task;
        yield* tasksOf(item.tasks);
        break;
      case 'block':
        yield* tasksOf([...item.tasks, ...item.rescue, ...item.always]);
    }
  }
}

/** Names of the variables that a task defines: its registered result, and those it sets. */
export function namesSetBy(task: Task): string[] {
  const registered = task.register === undefined ? [] : [task.register];
  return task.module.setsVariables
    ? [...registered, ...task.params.entries.map((entry) => entry.key)]
    : registered;
}

/** Why a task cannot be delegated to what the inventory does not name. */
export function noDelegation(name: string, at: SourceRange): Diagnostic {
  return {
    message: `delegate_to: the inventory has no host "${name}"`,
    at,
    hint: 'put it into the inventory',
  };
}
