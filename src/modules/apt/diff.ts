import type { PackageFact } from '../../facts/package.ts';
import { changed, refused, type Verdict } from '../../plan/change.ts';
import { compareVersions } from '../../vars/helpers.ts';
import type { ModuleContext } from '../define-module.ts';
import { policyFile, policyText } from './commands.ts';
import type { AptChange, AptParams } from './schema.ts';

interface AptFacts {
  readonly packages: readonly (PackageFact | undefined)[];
  readonly candidates: readonly (string | undefined)[];
  readonly policy: readonly (string | undefined)[];
}

/** `name=version` taken apart. */
export function parsePackage(spec: string): { name: string; version: string | undefined } {
  const [name = '', version] = spec.split('=');
  return { name, version };
}

/** The packages to install, remove, hold or release. */
export function diffPackages(facts: AptFacts, params: AptParams, context: ModuleContext): Verdict<AptChange> {
  const specs = params.packages.map(parsePackage);
  const factOf = (name: string) => facts.packages[specs.findIndex((spec) => spec.name === name)];
  const change = (
    action: AptChange['action'],
    packages: string[],
    more: Partial<AptChange> = {},
  ): AptChange => ({
    action,
    resource: packages.join(', '),
    packages,
    updateCache: params.update_cache,
    cacheValidTime: params.cache_valid_time,
    installRecommends: params.install_recommends,
    ...(params.default_release === undefined ? {} : { defaultRelease: params.default_release }),
    purge: params.purge,
    autoremove: params.autoremove,
    allowDowngrade: params.allow_downgrade,
    withoutStarting: params.policy_rc_d !== undefined,
    lockTimeout: params.lock_timeout,
    ...more,
  });
  const changes: AptChange[] = [];
  if (facts.policy[0] !== undefined && facts.policy[0] === context.digest(policyText)) {
    const reason = 'left behind by an install that was cut off; it keeps services from starting';
    changes.push(change('remove', [], { resource: policyFile, reason, special: 'policy' }));
  }
  if (params.state === 'absent') {
    const gone = specs.filter(({ name }) => factOf(name)?.installed).map(({ name }) => name);
    return changed(...changes, ...(gone.length === 0 ? [] : [change('remove', gone)]));
  }
  const missing = specs.filter(({ name }) => !factOf(name)?.installed);
  if (missing.length > 0) {
    const install = missing.map(({ name, version }) => (version === undefined ? name : `${name}=${version}`));
    changes.push(change('install', install));
  }
  const present = specs.filter(({ name }) => factOf(name)?.installed);
  const outdated = present.flatMap(({ name, version }) => {
    const current = factOf(name)?.version ?? '';
    const wanted =
      version ??
      (params.state === 'latest'
        ? facts.candidates[specs.findIndex((spec) => spec.name === name)]
        : undefined);
    return wanted === undefined || matchesVersion(current, wanted) ? [] : [{ name, current, wanted }];
  });
  const down = outdated.find(({ current, wanted }) => compareVersions(current, wanted) > 0);
  if (down && !params.allow_downgrade) {
    return refused(
      `${down.name} is ${down.current}, newer than the ${down.wanted} asked for`,
      'ask for another version, or set allow_downgrade: true',
    );
  }
  if (outdated.length > 0) {
    const detail = outdated.map(({ current, wanted }) => `${current} -> ${wanted}`).join(', ');
    const packages = outdated.map(({ name, wanted }) => `${name}=${wanted}`);
    changes.push(
      change('update', packages, { resource: outdated.map(({ name }) => name).join(', '), detail }),
    );
  }
  if (params.hold !== undefined) {
    const wrong = specs
      .filter(({ name }) => (factOf(name)?.held ?? false) !== params.hold)
      .map(({ name }) => name);
    const special = params.hold ? 'hold' : 'unhold';
    if (wrong.length > 0) changes.push(change('set', wrong, { detail: special, special }));
  }
  // dpkg releases what it upgrades.
  const released = outdated.map(({ name }) => name).filter((name) => factOf(name)?.held);
  if (released.length > 0 && params.hold !== false)
    changes.push(change('set', released, { detail: 'hold', special: 'hold' }));
  return changed(...changes);
}

function matchesVersion(current: string, wanted: string): boolean {
  return wanted.endsWith('*') ? current.startsWith(wanted.slice(0, -1)) : current === wanted;
}
