import { describe, expect, test } from 'vitest';
import { listInventory } from '../../../src/actions/inventory.ts';
import { Problems } from '../../../src/config/files.ts';
import { loadInventory } from '../../../src/config/inventory/load.ts';
import { selectHosts } from '../../../src/config/inventory/patterns.ts';
import { cases, laidOut, listed, recorded } from '../../inventories/cases.ts';
import { folderOf, told } from '../support.ts';

const expected = recorded();

describe('an inventory is what Ansible makes of it', () => {
  test.each(cases())('%s', (name, each) => {
    const folder = folderOf({});
    const { sources, playbookDir } = laidOut(folder, each);
    const problems = new Problems();
    const inventory = loadInventory(sources, playbookDir === undefined ? [] : [playbookDir], problems);
    expect(told(problems.list, folder).join('\n')).toBe(each.error?.trim() ?? '');
    if (each.error !== undefined) return;
    const patterns = each.patterns.map((pattern) => [pattern, selectHosts(inventory, pattern)] as const);
    // JSON has one kind of number, and nothing that is undefined.
    expect(
      JSON.parse(
        JSON.stringify({ ...listed(listInventory(inventory)), patterns: Object.fromEntries(patterns) }),
      ),
    ).toEqual({
      patterns: {},
      ...expected[name],
    });
  });
});
