import { memoize } from '../../core/memo.ts';
import type { MapEntry } from '../../core/node.ts';
import type { SourceRange } from '../../core/source.ts';
import type { Layer, Variable } from '../../vars/scope.ts';

/** Variables as they stand in a file, by name. */
export type VariableMap = Map<string, MapEntry>;

export interface InventoryHost {
  readonly name: string;
  readonly at: SourceRange | undefined;
  /** Every place that puts it into a group, `all` included. */
  readonly places: { readonly group: string; readonly at: SourceRange }[];
  readonly vars: VariableMap;
}

export interface InventoryGroup {
  readonly name: string;
  readonly at: SourceRange | undefined;
  readonly vars: VariableMap;
  /** Own hosts, in the order of the files. */
  readonly hosts: Set<string>;
  readonly children: Set<string>;
}

/** Hosts and groups of all sources, and the variables that belong to them. */
export class Inventory {
  readonly hosts = new Map<string, InventoryHost>();
  readonly groups = new Map<string, InventoryGroup>();
  /** Folder of the first source: where secrets.yml is. */
  readonly folder: string;
  /** Files of group_vars and host_vars, weakest source first. */
  readonly groupFiles: { readonly rank: number; readonly group: string; readonly vars: VariableMap }[] = [];
  readonly hostFiles: { readonly host: string; readonly vars: VariableMap }[] = [];

  constructor(folder: string) {
    this.folder = folder;
    this.group('all');
    this.group('ungrouped');
  }

  /** The group of a name, made when it is not there. */
  group(name: string, at?: SourceRange): InventoryGroup {
    let group = this.groups.get(name);
    if (!group) {
      group = { name, at, vars: new Map(), hosts: new Set(), children: new Set() };
      this.groups.set(name, group);
    }
    return group;
  }

  host(name: string, at?: SourceRange): InventoryHost {
    let host = this.hosts.get(name);
    if (!host) {
      host = { name, at, places: [], vars: new Map() };
      this.hosts.set(name, host);
    }
    return host;
  }

  /** Takes a host out, as if no source named it. */
  leaveOut(name: string): void {
    this.hosts.delete(name);
    for (const group of this.groups.values()) group.hosts.delete(name);
  }

  /** Groups that name this one among their children. */
  parentsOf(name: string): string[] {
    const parents = [...this.groups.values()]
      .filter((group) => group.children.has(name))
      .map((group) => group.name);
    return parents.length === 0 && name !== 'all' ? ['all'] : parents;
  }

  /** All hosts of a group and of the groups below it, in the order of the files. */
  hostsOf(name: string): string[] {
    if (name === 'all') return [...this.hosts.keys()];
    if (name === 'ungrouped') return this.#ungrouped();
    const found = new Set<string>();
    const visit = (group: InventoryGroup | undefined) => {
      group?.hosts.forEach((host) => found.add(host));
      group?.children.forEach((child) => visit(this.groups.get(child)));
    };
    visit(this.groups.get(name));
    return [...found];
  }

  #ungrouped(): string[] {
    const grouped = new Set(
      [...this.groups.values()]
        .filter((group) => group.name !== 'all' && group.name !== 'ungrouped')
        .flatMap((group) => [...group.hosts]),
    );
    return [...this.hosts.keys()].filter((host) => !grouped.has(host));
  }

  /** Every group a host is in, directly or through a child, by rising precedence: by depth, priority, name. */
  groupsOf(host: string): string[] {
    const found = new Set<string>();
    const climb = (name: string) => {
      if (found.has(name)) return;
      found.add(name);
      this.parentsOf(name).forEach(climb);
    };
    for (const group of this.groups.values()) if (group.hosts.has(host)) climb(group.name);
    if ([...found].every((name) => name === 'all')) found.add('ungrouped');
    found.add('all');
    const depth = new Map([...found].map((name) => [name, this.#depth(name)]));
    return [...found].sort(
      (a, b) =>
        (depth.get(a) ?? 0) - (depth.get(b) ?? 0) ||
        this.#priority(a) - this.#priority(b) ||
        (a < b ? -1 : a > b ? 1 : 0),
    );
  }

  /** Steps on the longest way up to `all`. */
  #depth(name: string): number {
    return name === 'all' ? 0 : 1 + Math.max(...this.parentsOf(name).map((parent) => this.#depth(parent)));
  }

  #priority(name: string): number {
    const entry = this.groups.get(name)?.vars.get('ansible_group_priority');
    const value = entry?.value.kind === 'scalar' ? Number(entry.value.value) : 1;
    return Number.isNaN(value) ? 1 : value;
  }

  /**
   * The layers of a host's own variables, the strongest first, in Ansible's order: host_vars, the host in the
   * inventory, group_vars, groups in the inventory.
   */
  readonly layersOf = memoize((host: string): readonly Layer[] => {
    const groups = this.groupsOf(host);
    const others = groups.filter((name) => name !== 'all');
    const files = (names: readonly string[]) =>
      [...new Set(this.groupFiles.map((file) => file.rank))].flatMap((rank) =>
        names.flatMap((name) =>
          this.groupFiles
            .filter((file) => file.rank === rank && file.group === name)
            .map((file) => file.vars),
        ),
      );
    const inline = (names: readonly string[]) =>
      names.map((name) => this.groups.get(name)?.vars ?? new Map<string, MapEntry>());
    const rising: VariableMap[] = [
      ...inline(['all']),
      ...inline(others),
      ...files(['all']),
      ...files(others),
      this.hosts.get(host)?.vars ?? new Map<string, MapEntry>(),
      ...this.hostFiles.filter((file) => file.host === host).map((file) => file.vars),
    ];
    return rising.reverse().map(toLayer);
  });
}

/** Variables of a file as a layer of a scope. */
export function toLayer(vars: VariableMap): Layer {
  return new Map<string, Variable>([...vars].map(([name, entry]) => [name, { node: entry.value }]));
}
