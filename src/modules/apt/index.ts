import { needCandidate, needPackage } from '../../facts/package.ts';
import { needDigest } from '../../facts/path.ts';
import { run } from '../../plan/operation.ts';
import { defineModule } from '../define-module.ts';
import { aptScript, policyFile } from './commands.ts';
import { diffPackages, parsePackage } from './diff.ts';
import { AptChange, AptParams } from './schema.ts';

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
  params: AptParams,
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
    ...(special === 'policy'
      ? [
          { kind: 'path', key: resource },
          { kind: 'digest', key: resource },
        ]
      : []),
    ...(special ? [] : (['*'] as const)),
  ],
  aim: ({ packages, state }) => `${packages.join(', ')} ${state === 'present' ? 'installed' : state}`,
});
