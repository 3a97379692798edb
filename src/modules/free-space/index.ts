import * as z from 'zod';
import { needSpace, percentFree } from '../../facts/space.ts';
import { changeFields, inSync, refused } from '../../plan/change.ts';
import { defineModule } from '../define-module.ts';
import { absolutePath } from '../params.ts';

export const freeSpace = defineModule({
  name: 'free_space',
  docs: {
    summary: 'Refuses a host whose file systems are full, or have no inodes left.',
    example: `- free_space:
    paths: [/var/lib/postgresql/15/main]
    minimum: 3`,
  },
  params: z.strictObject({
    paths: z.array(absolutePath).min(1).describe('What is to be written; it need not be there yet.'),
    minimum: z.number().min(0).max(100).describe('Percent of bytes and of inodes that have to be free.'),
  }),
  change: z.strictObject({ ...changeFields }),
  readOnly: true,
  needs: ({ paths }) => ({ spaces: paths.map(needSpace) }),
  diff({ spaces }, { minimum }) {
    const short = spaces.flatMap((space) => (space && percentFree(space) < minimum ? [space] : []));
    if (short.length === 0) return inSync();
    const shown = short.map((space) => `${space.mount} has ${percentFree(space).toFixed(1)} % free`);
    return refused(
      `the disk is full: ${[...new Set(shown)].join(', ')}, and ${minimum} % are wanted (bytes and inodes, whichever is less)`,
      'make room there, or lower disk_free_minimum; --skip-tags disk_space goes on as it is',
    );
  },
  apply: () => [],
  writes: () => [],
  aim: ({ paths, minimum }) => `${minimum} % free for ${paths.join(', ')}`,
});
