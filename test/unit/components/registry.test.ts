import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { components } from '../../../src/components/registry.ts';
import { componentFolders } from '../../../src/config/component-folders.ts';
import { loadDeclarations } from '../../../src/config/declarations.ts';
import { Problems } from '../../../src/config/files.ts';

const { variables, software } = loadDeclarations('playbooks', new Problems());

it('has a component for each folder of playbooks', () => {
  const folders = componentFolders('playbooks').map((folder) => basename(folder));
  expect(components.map(({ name }) => name).sort()).toEqual(folders.sort());
});

describe.each(components.map((component) => [component.name, component] as const))('%s', (_, component) => {
  it('is in a group for which software is declared', () => {
    expect(software.map(({ group }) => group)).toContain(component.group);
  });

  it('has a unit that comes with its software', () => {
    const units = software.filter(({ group }) => group === component.group).flatMap((each) => each.units);
    if (component.unit !== undefined) expect(units).toContain(component.unit);
  });

  it('has ports that variables set', () => {
    expect(component.ports.filter(({ variable }) => !variables.has(variable))).toEqual([]);
  });

  it('has its preflight ask who listens on each of its ports', () => {
    const file = join('playbooks', component.name, 'preflight.yml');
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    for (const { variable } of component.ports) expect(text).toContain(`'{{${variable}}}'`);
  });

  it('has its own key in the status', () => {
    const keys = components.flatMap(({ status }) => status?.key ?? []);
    expect(keys.filter((key) => key === component.status?.key).length).toBeLessThanOrEqual(1);
  });

  it('looks at what its probes, its table and its gate go by', () => {
    if ('status' in component || 'probes' in component) expect(component).toHaveProperty('look');
  });
});
