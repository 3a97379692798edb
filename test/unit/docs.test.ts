import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generatedFolder, pages } from '../../scripts/docs/pages.ts';

describe('the generated documentation', () => {
  const generated = pages();

  it.each([...generated.keys()])('%s says what the sources say (npm run docs)', (path) => {
    expect(readFileSync(path, 'utf8')).toBe(generated.get(path));
  });

  it('has no page of a module that is gone', () => {
    const expected = [...generated.keys()].filter((path) => path.startsWith(`${generatedFolder}/`));
    expect(readdirSync(generatedFolder).map((name) => `${generatedFolder}/${name}`)).toEqual(expected.sort());
  });
});
