import { loadRun } from '../src/actions/load.ts';
import { allParsed } from '../src/core/parsed.ts';

/** What the playbooks and templates that ship with drover are parsed to. */
export function shipped(): string {
  const input = { inventory: ['inventory/three-node.yml'], tags: [], skipTags: [], extraVars: [] };
  for (const playbook of ['playbooks/site.yml', 'playbooks/upgrade.yml']) loadRun(playbook, input, false);
  return allParsed();
}
