import type { SourceRange } from '../../core/source.ts';
import type { Problems } from '../files.ts';
import type { IniLine } from './ini.ts';
import type { Inventory } from './model.ts';
import { setVariable } from './variables.ts';

/** A group that a line names and no section makes, yet. */
interface Pending {
  readonly at: SourceRange;
  readonly message: string;
  readonly parents: string[];
}

/** Adds what an INI inventory says. A group needs a section of hosts or children, in this file or one before it. */
export function addIni(inventory: Inventory, lines: readonly IniLine[], problems: Problems): void {
  const pending = new Map<string, Pending>();
  let group = 'ungrouped';
  for (const line of lines) {
    switch (line.kind) {
      case 'section':
        ({ group } = line);
        if (line.holds !== 'vars') settle(inventory, group, pending);
        else if (!inventory.groups.has(group) && !pending.has(group)) {
          const message = `variables of the group "${group}", which no section makes`;
          pending.set(group, { at: line.at, message, parents: [] });
        }
        inventory.group(group, line.at);
        break;
      case 'hosts':
        for (const name of line.names) {
          inventory.addHost(name, group, line.at, line.port);
          line.vars.forEach((entry) => setVariable(inventory.ownerOf(name), entry, problems));
        }
        break;
      case 'vars':
        setVariable(inventory.group(group), line.entry, problems);
        break;
      case 'children':
        if (inventory.groups.has(line.name)) inventory.group(group).children.add(line.name);
        else {
          const message = `no section makes the group "${line.name}"`;
          const known = pending.get(line.name) ?? { at: line.at, message, parents: [] };
          known.parents.push(group);
          pending.set(line.name, known);
        }
    }
  }
  for (const [name, { at, message }] of pending) problems.add({ message, at, hint: `add [${name}]` });
}

function settle(inventory: Inventory, group: string, pending: Map<string, Pending>): void {
  for (const parent of pending.get(group)?.parents ?? []) inventory.group(parent).children.add(group);
  pending.delete(group);
}
