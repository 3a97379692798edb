import { modules } from '../../src/modules/registry.ts';
import { componentsPage } from './components.ts';
import { eventsSchema } from './events.ts';
import { expressionsPage } from './expressions.ts';
import { manPage } from './man-page.ts';
import { folderNameOf, moduleIndex, modulePage } from './modules.ts';
import { inventorySchema, playbookSchema, settingsSchema } from './schemas.ts';
import { variablesPage } from './variables.ts';

/** Holds generated pages only; what is no page of a module goes. */
export const generatedFolder = 'docs/modules';

/** Every generated page by its path in the repository. */
export function pages(): ReadonlyMap<string, string> {
  const all = [...modules.values()];
  return new Map([
    ...all.map(
      (module) => [`${generatedFolder}/${folderNameOf(module.name)}.md`, modulePage(module)] as const,
    ),
    [`${generatedFolder}/README.md`, moduleIndex(all)],
    ['docs/drover.1', manPage()],
    ['docs/components.md', componentsPage('playbooks')],
    ['docs/inventory.schema.json', inventorySchema('playbooks')],
    ['docs/playbook.schema.json', playbookSchema()],
    ['docs/drover.schema.json', settingsSchema()],
    ['docs/events.schema.json', eventsSchema()],
    ['docs/expressions.md', expressionsPage()],
    ['docs/variables.md', variablesPage('playbooks')],
  ]);
}
