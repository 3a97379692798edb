import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

describe('the links of a page', () => {
  const written = [
    ...readdirSync('.').filter((name) => name.endsWith('.md')),
    ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', name)),
  ];

  it.each(written)('%s leads somewhere', (path) => {
    expect(linksOf(path).filter((link) => !leadsSomewhere(path, link))).toEqual([]);
  });

  it.each(written.filter((path) => path.startsWith('docs/')))('%s is linked to by another page', (path) => {
    const targets = written
      .filter((other) => other !== path)
      .flatMap((other) => linksOf(other).map((link) => join(dirname(other), link.replace(/#.*/, ''))));
    expect(targets.map((target) => target.replace(/\/$/, ''))).toContain(path);
  });
});

/** Targets of the links within this repository. */
function linksOf(path: string): string[] {
  const text = readFileSync(path, 'utf8').replace(/^```.*?^```$|`[^`\n]*`/gms, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

function leadsSomewhere(from: string, link: string): boolean {
  const [file = '', heading] = link.split('#');
  const target = file === '' ? from : join(dirname(from), file);
  if (!existsSync(target)) return false;
  return heading === undefined || headingsOf(target).includes(heading);
}

/** Headings as GitHub writes them in an address. */
function headingsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8').replace(/^```.*?^```$/gms, '');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
