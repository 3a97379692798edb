import type { Given, Path } from '../components/check.ts';
import type { Declarations } from '../config/declarations.ts';
import type { Inventory } from '../config/inventory/model.ts';
import { valueProblem } from '../config/value-problem.ts';
import { memoize } from '../core/memo.ts';
import { nodeAt, type Node } from '../core/node.ts';
import type { SourceRange } from '../core/source.ts';
import { toPlain } from '../engine/tasks/instance.ts';
import { NotYetKnown, type Scope } from '../vars/scope.ts';
import { TemplateError } from '../vars/template.ts';

/** What is known of a cluster's variables before its hosts are asked. */
export class GivenVariables {
  readonly inventory: Inventory;
  readonly declarations: Declarations;
  // A scope keeps what it has rendered.
  readonly #scopeOf: (host: string) => Scope;

  constructor(inventory: Inventory, declarations: Declarations, scopeOf: (host: string) => Scope) {
    this.inventory = inventory;
    this.declarations = declarations;
    this.#scopeOf = memoize(scopeOf);
  }

  /** undefined where it takes facts, or is wrong by itself, which is told elsewhere. */
  value(name: string, host: string): unknown {
    const declaration = this.declarations.variables.get(name);
    if (!declaration) return undefined;
    try {
      const value = this.#scopeOf(host).get(name);
      return value === undefined || valueProblem(declaration, value) ? undefined : toPlain(value);
    } catch (error) {
      if (error instanceof NotYetKnown || error instanceof TemplateError) return undefined;
      throw error;
    }
  }

  /** The same of a variable that no playbook declares. */
  raw(name: string, host: string): unknown {
    try {
      return this.#scopeOf(host).get(name);
    } catch (error) {
      if (error instanceof NotYetKnown || error instanceof TemplateError) return undefined;
      throw error;
    }
  }

  /** Where the inventory says it. */
  given(name: string, host: string, path: Path = []): SourceRange | undefined {
    const node = this.#node(name, host);
    return node && nodeAt(node, path).range;
  }

  at(name: string, host: string, path: Path = []): SourceRange | undefined {
    return this.given(name, host, path) ?? this.inventory.hosts.get(host)?.at;
  }

  /** For a component on these hosts. */
  on(hosts: readonly string[]): Given {
    const [first = ''] = hosts;
    return {
      hosts,
      value: (variable, host = first) => this.value(variable, host),
      at: (variable, host = first, path = []) => this.at(variable, host, path),
    };
  }

  /** A variable's tree, unless it is the default. */
  #node(name: string, host: string): Node | undefined {
    const variable = this.#scopeOf(host).raw(name);
    const node = variable && 'node' in variable ? variable.node : undefined;
    return node === this.declarations.variables.get(name)?.defaultNode ? undefined : node;
  }
}
