import * as z from 'zod';
import { changeFields } from '../../plan/change.ts';
import { textList } from '../params.ts';

/** `name=version` taken apart. */
export function parsePackage(spec: string): { name: string; version: string | undefined } {
  const [name = '', version] = spec.split('=');
  return { name, version };
}

/** A package as apt is to be asked for it. Much else it would take as well, some of it for an order to remove. */
const packageSpec = z
  .string()
  .trim()
  .superRefine((spec, context) => {
    const problem = problemOf(spec);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

function problemOf(spec: string): string | undefined {
  const { name, version } = parsePackage(spec);
  if (spec === '') return 'a package’s name is empty';
  if (spec.includes('/')) return `${spec} is a file: only packages of the host’s repositories are installed`;
  if (/[<>]=/.test(spec)) return `${spec} asks for a range of versions: give one, or state: latest`;
  if (/[*?[\]!^]/.test(name)) return `${name} is a pattern: name each package`;
  if (name.includes(':')) return `${name}: only packages of the host’s own architecture are installed`;
  if (name.endsWith('-'))
    return `${name}: apt would remove ${name.slice(0, -1)}, for which there is state: absent`;
  if (!/^[a-z0-9][a-z0-9+.-]+$/.test(name)) return `${name} is not the name of a package`;
  if (version === undefined) return undefined;
  if (/[*?[\]]/.test(version.replace(/\*$/, '')))
    return `${spec}: of patterns a version may have one * at its end`;
  return /^[\w.+:~-]*\*?$/.test(version) && version !== '' && spec.split('=').length === 2
    ? undefined
    : `${spec} does not name a version`;
}

const packageList = textList.pipe(z.array(packageSpec));

export const AptParams = z
  .strictObject({
    name: packageList
      .optional()
      .describe(
        'Packages, as `name` or `name=version`; a version may end in `*`. One of the three names is needed.',
      ),
    pkg: packageList.optional().describe('Another name for `name`.'),
    package: packageList.optional().describe('Another name for `name`.'),
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
  mayChangeHeld: z.boolean().optional(),
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
