import * as z from 'zod';
import { changeFields } from '../../plan/change.ts';
import { textList } from '../params.ts';

export const AptParams = z
  .strictObject({
    /** Packages, as \`name\` or \`name=version\`; a version may end in *. */
    name: textList.optional(),
    pkg: textList.optional(),
    package: textList.optional(),
    state: z.enum(['present', 'absent', 'latest']).default('present'),
    /** Fetch package lists before an install if they are older than \`cache_valid_time\`. */
    update_cache: z.boolean().default(false),
    /** Seconds. */
    cache_valid_time: z.number().min(0).default(3600),
    install_recommends: z.boolean().default(true),
    default_release: z.string().optional(),
    purge: z.boolean().default(false),
    autoremove: z.boolean().default(false),
    allow_downgrade: z.boolean().default(false),
    /** What invoke-rc.d is told while packages are installed: 101 keeps services from being started. */
    policy_rc_d: z.literal(101).optional(),
    /** Keep apt from upgrading the packages. */
    hold: z.boolean().optional(),
    /** Seconds to wait for another apt or dpkg. */
    lock_timeout: z.int().min(0).default(300),
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
  /** Instead of an install or a removal. */
  special: z.enum(['hold', 'unhold', 'policy']).optional(),
});
export type AptChange = z.infer<typeof AptChange>;
