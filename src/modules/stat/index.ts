import * as z from 'zod';
import { needDigest } from '../../facts/content.ts';
import { needPath } from '../../facts/path.ts';
import { changeFields, inSync } from '../../plan/change.ts';
import { defineModule } from '../define-module.ts';
import { absolutePath } from '../params.ts';

export const stat = defineModule({
  name: 'stat',
  docs: {
    summary: 'Reads what is at a path; with `register`, as NAME.stat.',
    differences: [
      'NAME.stat has exists, isdir, isreg, islnk, lnk_source, mode, pw_name, gr_name and checksum (SHA-256).',
    ],
    example: `- stat:
    path: /etc/patroni/config.yml
  register: config`,
  },
  params: z.strictObject({ path: absolutePath.describe('The path; a link is not followed.') }),
  change: z.strictObject({ ...changeFields }),
  readOnly: true,
  needs: ({ path }) => ({ path: needPath(path), digest: needDigest(path) }),
  diff({ path, digest }) {
    if (!path) return inSync({ stat: { exists: false } });
    const { type, mode, owner, group, target } = path;
    return inSync({
      stat: {
        exists: true,
        isdir: type === 'directory',
        isreg: type === 'file',
        islnk: type === 'link',
        mode: mode.padStart(4, '0'),
        pw_name: owner,
        gr_name: group,
        ...(target === undefined ? {} : { lnk_source: target }),
        ...(digest === undefined ? {} : { checksum: digest }),
      },
    });
  },
  apply: () => [],
  writes: () => [],
  aim: ({ path }) => `what is at ${path}`,
});
