import { needCandidate, needPackage, needUnpackTime, packageRecords } from '../../facts/package.ts';
import { needDigest } from '../../facts/content.ts';
import { needPath } from '../../facts/path.ts';
import { needScript } from '../../facts/script.ts';
import { outdate, predict } from '../../plan/change.ts';
import { run } from '../../plan/operation.ts';
import { defineModule } from '../define-module.ts';
import { aptScript, notFetchedScript, policyFile, takeBackScript } from './commands.ts';
import { diffPackages } from './diff.ts';
import { AptChange, AptParams, parsePackage } from './schema.ts';

export const apt = defineModule({
  name: 'apt',
  docs: {
    summary: 'Installs, upgrades or removes Debian packages.',
    differences: [
      '`update_cache` fetches the lists only when something is to be installed; it is no change of its own.',
      '`hold` keeps packages at their version; what is asked for by version or `state: latest` is upgraded all the same, and held again. No `deb`, `build-dep`, `upgrade` and `force`.',
      '`within` and `download_only` are additions, the latter under the name it has in Ansible’s `dnf`.',
      'In a rolling play an upgrade is taken back if its host does not come up again, while the package sources still have the former version.',
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
  needs: ({ packages, state, policy_rc_d: policy, download_only }) => {
    const names = packages.map((spec) => parsePackage(spec).name);
    return {
      packages: names.map(needPackage),
      candidates: state === 'latest' ? names.map(needCandidate) : [],
      policy: policy === undefined ? [] : [needDigest(policyFile)],
      notFetched: download_only ? [needScript(notFetchedScript(names))] : [],
    };
  },
  diff: (facts, params, context) => diffPackages(facts, params, context),
  apply: (change) => [run(aptScript(change), { timeout: change.lockTimeout + 1800 })],
  revert: (change) =>
    change.former ? [run(takeBackScript(change), { timeout: change.lockTimeout + 1800 })] : [],
  writes: ({ special, resource, packages, looked_for, becomes = {}, held = [] }) => {
    if (looked_for) return [outdate(needScript(notFetchedScript(looked_for)))];
    const names = packages.map((spec) => parsePackage(spec).name);
    return [
      ...(special ? [] : (['*'] as const)),
      ...names.flatMap((name) => {
        const version = becomes[name];
        if (version === undefined) return [outdate(needPackage(name))];
        const records = packageRecords(version, special === 'hold' || held.includes(name));
        // Unpacked later than any start, as for a file that is written.
        const unpacked = special ? [] : [predict(needUnpackTime(name), [['Infinity']])];
        return [predict(needPackage(name), records), ...unpacked];
      }),
      ...(special === 'policy' ? [needPath(resource), needDigest(resource)].map(outdate) : []),
    ];
  },
  aim: ({ packages, state }) => `${packages.join(', ')} ${state === 'present' ? 'installed' : state}`,
});
