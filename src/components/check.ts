// What can be wrong with a component's variables together, told before any host is asked.
import type { Diagnostic } from '../core/diagnostics.ts';
import type { SourceRange } from '../core/source.ts';

/** A way into a value: keys of maps, positions in lists. */
export type Path = readonly PropertyKey[];

/** What the inventory says of the hosts of a component's group, as far as that is known without them. */
export interface Given {
  readonly hosts: readonly string[];
  /** The first host's value where none is named; undefined where it is not known yet, or wrong by itself. */
  value(variable: string, host?: string): unknown;
  /** The place to mend: in the value where it is given, or else where the inventory names the host. */
  at(variable: string, host?: string, path?: Path): SourceRange | undefined;
}

/** A problem in a variable's value. */
export function problemIn(
  given: Given,
  variable: string,
  { message, hint, path, host }: Pick<Diagnostic, 'message' | 'hint'> & { path?: Path; host?: string },
): Diagnostic {
  const at = given.at(variable, host, path);
  return { message, ...(at ? { at } : {}), ...(hint === undefined ? {} : { hint }) };
}

/** The entries of a value that is a map; none of any other. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
