import { memoize } from '../../core/memo.ts';
import type { MapEntry } from '../../core/node.ts';
import type { SourceRange } from '../../core/source.ts';
import type { Layer, Variable } from '../../vars/scope.ts';

/** Variables as they stand in a file, by name. */
export type VariableMap = Map<string, MapEntry>;

export interface InventoryHost {
  readonly name: string;
  readonly at: SourceRange;
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
  /** Among groups at the same depth the variables of the highest win. */
  priority: number;
}

/** The names of the controller, as in Ansible. */
const localNames = ['localhost', '127.0.0.1', '::1'];

/** The controller where the inventory does not name it. As in Ansible it is in no group, and has the variables of all hosts. */
const implied: InventoryHost = impliedLocalhost();

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
      group = { name, at, vars: new Map(), hosts: new Set(), children: new Set(), priority: 1 };
      this.groups.set(name, group);
    }
    return group;
  }

  /** Puts a host into a group. As in Ansible a port counts only where the host is named first. */
  addHost(name: string, group: string, at: SourceRange, port?: number): void {
    let host = this.hosts.get(name);
    if (!host) {
      host = { name, at, places: [], vars: new Map() };
      this.hosts.set(name, host);
      if (port !== undefined) host.vars.set('ansible_port', entryOf('ansible_port', port, at));
    }
    host.places.push({ group, at });
    this.group(group).hosts.add(name);
  }

  /** The host of a name; one of the controller's may be that of a host with another of them, or of none that the inventory has. */
  hostNamed(name: string): InventoryHost | undefined {
    const own = this.hosts.get(name);
    if (own || !localNames.includes(name)) return own;
    return localNames.map((each) => this.hosts.get(each)).find((host) => host) ?? implied;
  }

  /** Whose a host's variables are: in Ansible a group's of the same name, if there is one. */
  ownerOf(host: string): InventoryHost | InventoryGroup {
    const owner = this.groups.get(host) ?? this.hosts.get(host);
    if (!owner) throw new Error(`no host ${host}`);
    return owner;
  }

  /** Takes a host out, as if no source named it. */
  leaveOut(name: string): void {
    this.hosts.delete(name);
    for (const group of this.groups.values()) group.hosts.delete(name);
  }

  /** Groups that name this one among their children; `all` for one that no other does. */
  parentsOf(name: string): string[] {
    const parents = [...this.groups.values()]
      .filter((group) => group.children.has(name))
      .map((group) => group.name);
    return parents.length === 0 && name !== 'all' ? ['all'] : parents;
  }

  /** The groups right below one, in Ansible's order: `ungrouped`, those that are named as such, those that nobody names. */
  childrenOf(name: string): string[] {
    const named = this.groups.get(name)?.children ?? [];
    if (name !== 'all') return [...named];
    const claimed = new Set([...this.groups.values()].flatMap((group) => [...group.children]));
    const orphans = [...this.groups.keys()].filter((group) => group !== 'all' && !claimed.has(group));
    return [...new Set(['ungrouped', ...named, ...orphans])];
  }

  /** All hosts of a group and of the groups below it, those of the nearest groups first. */
  hostsOf(name: string): string[] {
    const groups = new Set([name]);
    // What is added meanwhile has its turn, too.
    for (const group of groups) this.childrenOf(group).forEach((child) => groups.add(child));
    return [...new Set([...groups].flatMap((group) => this.ownHostsOf(group)))];
  }

  /** The hosts that a group names itself; those of `ungrouped` are in no other but `all`. */
  ownHostsOf(name: string): string[] {
    const own = this.groups.get(name)?.hosts ?? [];
    if (name !== 'ungrouped') return [...own];
    const grouped = new Set(
      [...this.groups.values()]
        .filter((group) => group.name !== 'all' && group.name !== 'ungrouped')
        .flatMap((group) => [...group.hosts]),
    );
    return [...new Set([...own, ...this.hosts.keys()])].filter((host) => !grouped.has(host));
  }

  /** Every group a host is in, directly or through a child, by rising precedence: by depth, priority, name. */
  groupsOf(host: string): string[] {
    if (this.hostNamed(host) === implied) return ['all'];
    const found = new Set<string>();
    for (const group of this.groups.values())
      if (group.hosts.has(host) && group.name !== 'all' && group.name !== 'ungrouped') found.add(group.name);
    if (found.size === 0) found.add('ungrouped');
    // What is added meanwhile has its turn, too.
    for (const group of found) this.parentsOf(group).forEach((parent) => found.add(parent));
    found.add('all');
    const rank = new Map([...found].map((name) => [name, [this.#depth(name), this.group(name).priority]]));
    return [...found].sort((a, b) => {
      const [[depthA = 0, priorityA = 0] = [], [depthB = 0, priorityB = 0] = []] = [rank.get(a), rank.get(b)];
      return depthA - depthB || priorityA - priorityB || (a < b ? -1 : 1);
    });
  }

  /** Steps on the longest way up to `all`. */
  readonly #depth = memoize((name: string): number =>
    name === 'all' ? 0 : 1 + Math.max(...this.parentsOf(name).map((parent) => this.#depth(parent))),
  );

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
      this.hostNamed(host)?.vars ?? new Map<string, MapEntry>(),
      ...this.hostFiles.filter((file) => file.host === host).map((file) => file.vars),
    ];
    return rising.reverse().map(toLayer);
  });
}

function entryOf(key: string, value: string | number, at: SourceRange): MapEntry {
  const node = { kind: 'scalar', value, text: String(value), verbatim: false, range: at } as const;
  return { key, keyRange: at, value: node };
}

function impliedLocalhost(): InventoryHost {
  const at = { file: { path: 'localhost', text: '' }, start: 0, end: 0 };
  const connection = entryOf('ansible_connection', 'local', at);
  return { name: 'localhost', at, places: [], vars: new Map([[connection.key, connection]]) };
}

/** Variables of a file as a layer of a scope. */
export function toLayer(vars: VariableMap): Layer {
  return new Map<string, Variable>([...vars].map(([name, entry]) => [name, { node: entry.value }]));
}
