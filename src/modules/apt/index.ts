import * as z from 'zod';
import { needCandidate, needPackage } from '../../facts/package.ts';
import { needDigest } from '../../facts/path.ts';
import { changeFields } from '../../plan/change.ts';
import { run } from '../../plan/operation.ts';
import { defineModule } from '../define-module.ts';
import { textList } from '../params.ts';
import { aptScript, policyFile } from './commands.ts';
import { diffPackages, parsePackage } from './diff.ts';

const Params = z
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
  .transform(({ name, pkg, package: packages, ...rest }) => ({ ...rest, packages: name ?? pkg ?? packages ?? [] }))
  .refine((params) => params.packages.length > 0, { message: 'names no package', path: ['name'] });
export type AptParams = z.output<typeof Params>;

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

export const apt = defineModule({
  name: 'apt',
  docs: {
    summary: 'Installs, upgrades or removes Debian packages.',
    differences: [
      '`update_cache` fetches the lists only when something is to be installed; it is no change of its own.',
      '`hold` keeps packages at their version. No `deb`, `build-dep`, `upgrade` and `force`.',
      'Configuration files that were edited stay (`--force-confold`), and needrestart restarts nothing.',
    ],
    example: `- apt:
    name: [etcd-server, etcd-client]
    update_cache: true
    policy_rc_d: 101
  provides: { users: [etcd], units: [etcd] }`,
  },
  params: Params,
  change: AptChange,
  wide: true,
  needs: ({ packages, state, policy_rc_d: policy }) => {
    const names = packages.map((spec) => parsePackage(spec).name);
    return {
      packages: names.map(needPackage),
      candidates: state === 'latest' ? names.map(needCandidate) : [],
      policy: policy === undefined ? [] : [needDigest(policyFile)],
    };
  },
  diff: (facts, params, context) => diffPackages(facts, params, context),
  apply: (change) => [run(aptScript(change), { timeout: 1800 })],
  writes: ({ special, resource, packages }) => [
    ...packages.map((spec) => ({ kind: 'package', key: parsePackage(spec).name })),
    ...(special === 'policy' ? [{ kind: 'path', key: resource }, { kind: 'digest', key: resource }] : []),
    ...(special ? [] : (['*'] as const)),
  ],
  aim: ({ packages, state }) => `${packages.join(', ')} ${state === 'present' ? 'installed' : state}`,
});
