// Variables, expressions and templates: from names and text to values. Where variables come from is config/'s business.
import type { Node, ScalarNode } from '../core/node.ts';
import { renderValue, type Names } from './evaluate.ts';
import { diagnostic, isTemplate, templateOfScalar } from './template.ts';
import type { Value } from './value.ts';

/** A variable as given: a tree that may hold templates, or a finished value (facts, registers, secrets). */
export type Variable =
  { readonly node: Node } | { readonly value: Value } | { readonly compute: () => Value };

export type Layer = ReadonlyMap<string, Variable>;

/** A layer that a run adds to, as far as a scope needs it. */
export type LiveLayer = Pick<Layer, 'get' | 'has' | 'keys' | 'size'>;

/** A value that is not known yet: it depends on the result of an earlier task. */
export class NotYetKnown extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.name = 'NotYetKnown';
    this.reason = reason;
  }
}

/**
 * The variables one task sees: layers, the strongest first. A variable is rendered when it is looked up, in this
 * scope, so that it can refer to another wherever that is set.
 */
export class Scope implements Names {
  readonly #layers: readonly LiveLayer[];
  readonly #rendered = new Map<string, Value>();
  readonly #rendering: string[] = [];

  constructor(layers: readonly LiveLayer[]) {
    this.#layers = layers;
  }

  /** A scope in which the layer overrides everything in this one. */
  with(layer: Layer): Scope {
    return layer.size === 0 ? this : new Scope([layer, ...this.#layers]);
  }

  names(): Iterable<string> {
    return new Set(this.#layers.flatMap((layer) => [...layer.keys()]));
  }

  has(name: string): boolean {
    return this.#layers.some((layer) => layer.has(name));
  }

  /** The variable as given, unrendered. */
  raw(name: string): Variable | undefined {
    return this.#layers.find((layer) => layer.has(name))?.get(name);
  }

  get(name: string): Value | undefined {
    const known = this.#rendered.get(name);
    if (known !== undefined) return known;
    const variable = this.raw(name);
    if (!variable) return undefined;
    if ('value' in variable) return variable.value;
    if ('compute' in variable) return variable.compute();
    if (this.#rendering.includes(name)) {
      const at = variable.node.range;
      throw diagnostic({
        message: `"${name}" refers to itself: ${[...this.#rendering, name].join(' -> ')}`,
        at,
      });
    }
    this.#rendering.push(name);
    try {
      const value = this.render(variable.node);
      this.#rendered.set(name, value);
      return value;
    } finally {
      this.#rendering.pop();
    }
  }

  /** A tree's value with everything in it rendered. */
  render(node: Node): Value {
    switch (node.kind) {
      case 'scalar':
        return this.#scalar(node);
      case 'list':
        return node.items.map((item) => this.render(item));
      case 'map':
        return Object.fromEntries(node.entries.map((entry) => [entry.key, this.render(entry.value)]));
    }
  }

  #scalar(node: ScalarNode): Value {
    if (typeof node.value !== 'string' || node.verbatim || !isTemplate(node.value)) return node.value;
    return renderValue(templateOfScalar(node), this);
  }
}
