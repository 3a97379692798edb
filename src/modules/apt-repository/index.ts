import * as z from 'zod';
import { changed, outdate } from '../../plan/change.ts';
import { run } from '../../plan/operation.ts';
import { patience } from '../../shell/apt.ts';
import { defineModule } from '../define-module.ts';
import { applyFile, diffFile, FileChange, needsOfFile, writesOfFile } from '../file-content.ts';
import { needPath } from '../../facts/path.ts';

const pathOf = (repo: string, filename: string | undefined): string => {
  const name = filename ?? (/https?:\/\/([^\s/]+)/.exec(repo)?.[1] ?? 'repository').replaceAll('.', '_');
  return `/etc/apt/sources.list.d/${name.replace(/\.list$/, '')}.list`;
};

export const aptRepository = defineModule({
  name: 'apt_repository',
  docs: {
    summary: 'Adds a package repository, and fetches its lists when it changed.',
    differences: [
      'No `ppa:`. The key is named in the line: `[signed-by=/usr/share/keyrings/….asc]`.',
      'Only the repository’s own file is looked at; Ansible finds a line in any other, too, and removes it there.',
    ],
    example: `- apt_repository:
    repo: "deb [signed-by=/usr/share/postgresql-common/pgdg/apt.postgresql.org.asc] https://apt.postgresql.org/pub/repos/apt {{facts.codename}}-pgdg main"
    filename: pgdg`,
  },
  params: z.strictObject({
    repo: z
      .string()
      .regex(/^deb(-src)? /, 'must be a line of sources.list')
      .describe('The line of sources.list, as sources.list(5) has it.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether the repository is to be used.'),
    filename: z
      .string()
      .regex(/^[\w.-]+$/, 'must be a plain name')
      .optional()
      .describe('Name of the file in /etc/apt/sources.list.d; by default made of the repository’s host.'),
  }),
  change: z.union([FileChange, z.strictObject({ ...FileChange.shape, gone: z.literal(true) })]),
  wide: true,
  needs: ({ repo, filename }, context) => ({
    ...needsOfFile(pathOf(repo, filename), context.digest(`${repo}\n`)),
    path: needPath(pathOf(repo, filename)),
  }),
  diff(facts, { repo, state, filename }, context) {
    const dest = pathOf(repo, filename);
    if (state === 'present') return diffFile(facts, { dest, content: `${repo}\n`, mode: '644' }, context);
    if (!facts.path) return changed();
    const unused = { content: '', owner: 'root', group: 'root', mode: '644' };
    return changed({ action: 'remove' as const, resource: dest, gone: true as const, ...unused });
  },
  apply: (change) => [
    ...('gone' in change ? [run(`rm -f -- ${change.resource}`)] : applyFile(change)),
    run(`${patience(300)}\npatiently apt-get -q update`, { timeout: 600 }),
  ],
  writes: (change, context) => [
    ...('gone' in change ? [outdate(needPath(change.resource))] : writesOfFile(change, context)),
    '*',
  ],
  aim: ({ repo, state }) => `${repo} ${state}`,
});
