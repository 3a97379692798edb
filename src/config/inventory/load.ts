import { extname } from 'node:path';
import { parseSource, readSource, type Problems } from '../files.ts';
import { addIni } from './add-ini.ts';
import { parseHostPattern } from './host-pattern.ts';
import { parseIni } from './ini.ts';
import { Inventory } from './model.ts';
import { addScript } from './script.ts';
import { filesOf, folderOf, isHostList, isProgram } from './sources.ts';
import { loadVariableFiles } from './variable-files.ts';
import { addYaml } from './yaml.ts';

/** Reads the inventory sources of `-i`, with the group_vars and host_vars beside them and beside the playbooks. */
export function loadInventory(
  sources: readonly string[],
  playbookFolders: readonly string[],
  problems: Problems,
): Inventory {
  const [first = '.'] = sources;
  const inventory = new Inventory(isHostList(first) ? process.cwd() : folderOf(first));
  for (const source of sources) {
    if (isHostList(source)) addHostList(inventory, source, problems);
    else for (const path of filesOf(source)) loadFile(inventory, path, problems);
  }
  refuseCycles(inventory, problems);
  const folders = [...sources.filter((source) => !isHostList(source)).map(folderOf), ...playbookFolders];
  // Of a folder that is named twice the last place counts.
  const distinct = folders.filter((folder, index) => folders.lastIndexOf(folder) === index);
  distinct.forEach((folder, rank) => loadVariableFiles(inventory, folder, rank, problems));
  return inventory;
}

function addHostList(inventory: Inventory, source: string, problems: Problems): void {
  const file = { path: '-i', text: source };
  for (const { 0: text, index } of source.matchAll(/[^\s,]+(\s+[^\s,]+)*/g)) {
    const at = { file, start: index, end: index + text.length };
    const pattern = parseHostPattern(text);
    if (typeof pattern === 'string') problems.add({ message: pattern, at });
    else for (const name of pattern.names) inventory.addHost(name, 'ungrouped', at, pattern.port);
  }
}

/** Files of these names, or of none that ends so, may be YAML; every one may be INI. */
const yamlExtensions = ['', '.yml', '.yaml', '.json'];

function loadFile(inventory: Inventory, path: string, problems: Problems): void {
  if (isProgram(path)) {
    addScript(inventory, path, problems);
    return;
  }
  const file = readSource(path, problems);
  if (!file) return;
  const yaml = yamlExtensions.includes(extname(path)) ? parseSource(file, problems) : undefined;
  if (yaml?.root?.kind === 'map') {
    yaml.diagnostics.forEach((diagnostic) => problems.add(diagnostic));
    addYaml(inventory, yaml.root, problems);
    return;
  }
  const ini = parseIni(file);
  if (ini.diagnostics.length === 0) addIni(inventory, ini.lines, problems);
  else if (!yaml || (extname(path) === '' && !looksLikeYaml(file.text)))
    ini.diagnostics.forEach((diagnostic) => problems.add(diagnostic));
  else if (yaml.root)
    problems.add({ message: 'an inventory is a map of groups, or INI', at: yaml.root.range });
  else yaml.diagnostics.forEach((diagnostic) => problems.add(diagnostic));
}

/** Whether what stands first is `---` or `NAME:`. */
function looksLikeYaml(text: string): boolean {
  const first = text.split('\n').find((line) => !/^\s*(#|$)/.test(line)) ?? '';
  return /^(---|[^\s[:]+:(\s|$))/.test(first);
}

function refuseCycles(inventory: Inventory, problems: Problems): void {
  const done = new Set<string>();
  const visit = (name: string, way: readonly string[]) => {
    if (way.includes(name)) {
      const at = inventory.groups.get(name)?.at;
      problems.add({
        message: `groups contain each other: ${[...way, name].join(' -> ')}`,
        ...(at ? { at } : {}),
      });
      // Cut, so that nothing that climbs the tree later runs for ever.
      inventory.groups.get(way.at(-1) ?? '')?.children.delete(name);
      return;
    }
    if (done.has(name)) return;
    for (const child of inventory.childrenOf(name)) visit(child, [...way, name]);
    done.add(name);
  };
  for (const name of inventory.groups.keys()) visit(name, []);
}
