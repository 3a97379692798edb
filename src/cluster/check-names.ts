import { components } from '../components/registry.ts';
import type { GivenName } from '../config/check-names.ts';
import type { Declarations } from '../config/declarations.ts';
import type { Problems } from '../config/files.ts';
import { isOfCluster } from './check.ts';

/** Names that nobody reads, by which people know a component's settings elsewhere: in its own files, or for other tools. */
export function checkForeignNames(
  unread: readonly GivenName[],
  declarations: Declarations,
  problems: Problems,
): void {
  if (!isOfCluster(declarations)) return;
  for (const { name, at } of unread) {
    if (declarations.variables.has(name)) continue;
    const hint = components
      .map((component) => component.foreignName?.(name))
      .find((said) => said !== undefined);
    if (hint !== undefined) problems.add({ message: `unknown variable "${name}"`, at, hint });
  }
}
