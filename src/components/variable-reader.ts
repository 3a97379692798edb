import * as z from 'zod';
import { toPlain } from '../engine/tasks/instance.ts';
import type { Scope } from '../vars/scope.ts';

const Text = z.union([z.string(), z.number()]);
const Fields = z.record(z.string(), z.unknown());

/** Reads variables of a component's hosts: of the first, unless one is named. */
export class VariableReader {
  /** The hosts of its group. */
  readonly hosts: readonly string[];
  readonly #scopeOf: (host: string) => Scope;
  readonly #first: string;

  /** A group without hosts is read as `otherwise` has it. */
  constructor(scopeOf: (host: string) => Scope, hosts: readonly string[], otherwise: string) {
    this.hosts = hosts;
    this.#scopeOf = scopeOf;
    this.#first = hosts[0] ?? otherwise;
  }

  text(name: string, host?: string): string {
    return String(this.#read(name, Text, host));
  }

  number(name: string, host?: string): number {
    return this.#read(name, z.number(), host);
  }

  flag(name: string, host?: string): boolean {
    return this.#read(name, z.boolean(), host);
  }

  record(name: string, host?: string): Readonly<Record<string, unknown>> {
    return this.#read(name, Fields, host);
  }

  #read<S extends z.ZodType>(name: string, schema: S, host = this.#first): z.output<S> {
    return schema.parse(toPlain(this.#scopeOf(host).get(name) ?? null));
  }
}
