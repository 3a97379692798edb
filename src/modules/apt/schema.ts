import * as z from 'zod';
import { changeFields } from '../../plan/change.ts';
import { textList } from '../params.ts';

export const AptParams = z
  .strictObject({
    name: textList
      .optional()
      .describe(
        'Packages, as `name` or `name=version`; a version may end in `*`. One of the three names is needed.',
      ),
    pkg: textList.optional().describe('Another name for `name`.'),
    package: textList.optional().describe('Another name for `name`.'),
    state: z
      .enum(['present', 'absent', 'latest'])
      .default('present')
      .describe('`present` installs what is missing, `latest` upgrades too, `absent` removes.'),
    only_upgrade: z
      .boolean()
      .default(false)
      .describe('Upgrade what is installed, and install nothing that is not.'),
    within: z
      .enum(['major', 'minor'])
      .optional()
      .describe(
        'What of the upstream version `state: latest` keeps: with `minor`, 3.4.23 goes to 3.4.30 and not to 3.5.1. What is beyond is left alone, with a warning.',
      ),
    download_only: z
      .boolean()
      .default(false)
      .describe('Fetch what would be installed or upgraded into apt’s cache, and change nothing else.'),
    update_cache: z
      .boolean()
      .default(false)
      .describe('Fetch package lists before an install if they are older than `cache_valid_time`.'),
    cache_valid_time: z.number().min(0).default(3600).describe('Seconds that package lists count as fresh.'),
    install_recommends: z.boolean().default(true).describe('Install recommended packages too.'),
    default_release: z.string().optional().describe('Release to install from, such as `bookworm-backports`.'),
    purge: z.boolean().default(false).describe('Remove configuration files with the packages.'),
    autoremove: z.boolean().default(false).describe('Remove packages that nothing needs any more.'),
    allow_downgrade: z.boolean().default(false).describe('Install an older version over a newer one.'),
    policy_rc_d: z
      .literal(101)
      .optional()
      .describe(
        'What invoke-rc.d is told while packages are installed: 101 keeps services from being started.',
      ),
    hold: z.boolean().optional().describe('Keep apt from upgrading the packages, or let it again.'),
    lock_timeout: z.int().min(0).default(300).describe('Seconds to wait for another apt or dpkg.'),
  })
  .transform(({ name, pkg, package: packages, ...rest }) => ({
    ...rest,
    packages: name ?? pkg ?? packages ?? [],
  }))
  .refine((params) => params.packages.length > 0, { message: 'names no package', path: ['name'] });
export type AptParams = z.output<typeof AptParams>;

export const AptChange = z.strictObject({
  ...changeFields,
  /** What to hand to apt-get. */
  packages: z.array(z.string()),
  updateCache: z.boolean(),
  cacheValidTime: z.number(),
  installRecommends: z.boolean(),
  defaultRelease: z.string().optional(),
  purge: z.boolean(),
  autoremove: z.boolean(),
  allowDowngrade: z.boolean(),
  withoutStarting: z.boolean(),
  lockTimeout: z.number(),
  /** The versions that an upgrade ends with, and those that it takes the place of, as far as they are known. */
  becomes: z.record(z.string(), z.string()).optional(),
  former: z.record(z.string(), z.string()).optional(),
  /** Packages to hold again: dpkg releases what it upgrades. */
  held: z.array(z.string()).optional(),
  /** All packages of a task that downloads: what is fetched of them is known by these names. */
  looked_for: z.array(z.string()).optional(),
  /** Instead of an install or a removal. */
  special: z.enum(['hold', 'unhold', 'policy']).optional(),
});
export type AptChange = z.infer<typeof AptChange>;
