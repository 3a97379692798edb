import type { CandidateFact, PackageFact } from '../../facts/package.ts';
import type { ScriptFact } from '../../facts/script.ts';
import { changed, refused, type Note, type Verdict } from '../../plan/change.ts';
import { compareVersions } from '../../vars/helpers.ts';
import type { ModuleContext } from '../define-module.ts';
import { policyFile, policyText } from './commands.ts';
import { parsePackage, type AptChange, type AptParams } from './schema.ts';

interface AptFacts {
  readonly packages: readonly (PackageFact | undefined)[];
  readonly candidates: readonly (CandidateFact | undefined)[];
  readonly policy: readonly (string | undefined)[];
  /** What the package sources have and the host has not, as `name=version`. */
  readonly notFetched: readonly ScriptFact[];
}

/** An installed package that is to have another version. */
interface Outdated {
  readonly name: string;
  readonly current: string;
  readonly wanted: string;
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
    const gone = specs.map(({ name }) => name).filter((name) => isLeft(factOf(name), params));
    const held = gone.filter((name) => factOf(name)?.held);
    if (held.length > 0 && params.hold !== false)
      return refused(`${held.join(', ')} is held`, 'hold: false lets it be removed');
    const release = held.length === 0 ? {} : { mayChangeHeld: true };
    return changed(...changes, ...(gone.length === 0 ? [] : [change('remove', gone, release)]));
  }
  const missing = specs.filter(({ name }) => {
    const fact = factOf(name);
    return params.only_upgrade ? fact?.unfinished : !fact?.installed;
  });
  const install = missing.map(({ name, version }) => (version === undefined ? name : `${name}=${version}`));
  const { outdated, beyond } = findOutdated(facts, params, specs);
  const note = noteOf(beyond, params);
  if (params.download_only) {
    const open = facts.notFetched.flatMap(({ stdout }) => stdout.split('\n'));
    const isOpen = (spec: string) => open.some((one) => one === spec || one.startsWith(`${spec}=`));
    const fetch = [...install, ...outdated.map(({ name, wanted }) => `${name}=${wanted}`)].filter(isOpen);
    const resource = fetch.map((spec) => spec.replace('=', ' ')).join(', ');
    return withNote(
      note,
      fetch.length === 0
        ? []
        : [
            change('download', fetch, {
              resource,
              looked_for: specs.map(({ name }) => name),
              mayChangeHeld: true,
            }),
          ],
    );
  }
  if (missing.length > 0) changes.push(change('install', install));
  const down = outdated.find(({ current, wanted }) => compareVersions(current, wanted) > 0);
  if (down && !params.allow_downgrade) {
    return refused(
      `${down.name} is ${down.current}, newer than the ${down.wanted} asked for`,
      'ask for another version, or set allow_downgrade: true',
    );
  }
  if (outdated.length > 0) {
    const held = outdated.map(({ name }) => name).filter((name) => factOf(name)?.held);
    changes.push(change('update', ...upgradeOf(outdated, params.hold === false ? [] : held)));
  }
  if (params.hold !== undefined) {
    const wrong = specs
      .filter(({ name }) => !params.only_upgrade || factOf(name)?.installed || factOf(name)?.unfinished)
      .filter(({ name }) => (factOf(name)?.held ?? false) !== params.hold)
      .map(({ name }) => name);
    if (wrong.length > 0) changes.push(mark(wrong, params.hold));
  }
  return withNote(note, changes);

  function mark(names: readonly string[], held: boolean): AptChange {
    const special = held ? 'hold' : 'unhold';
    const known = names.flatMap((name) => {
      const raised = outdated.find((one) => one.name === name)?.wanted;
      const fact = factOf(name);
      const version = raised ?? (fact?.installed ? fact.version : undefined);
      return version === undefined || version.endsWith('*') ? [] : [[name, version]];
    });
    return change('set', [...names], {
      detail: special,
      special,
      becomes: Object.fromEntries(known) as Record<string, string>,
    });
  }
}

/** Whether there is something to remove: a package, also one that is half installed, or with `purge` its configuration. */
function isLeft(fact: PackageFact | undefined, { purge }: AptParams): boolean {
  return fact !== undefined && (fact.installed || fact.unfinished || (purge && fact.residual));
}

/** The installed packages that are to have another version, and candidates that are too far away. */
function findOutdated(
  facts: AptFacts,
  { state, within }: AptParams,
  specs: readonly ReturnType<typeof parsePackage>[],
): { outdated: Outdated[]; beyond: Outdated[] } {
  const outdated: Outdated[] = [];
  const beyond: Outdated[] = [];
  for (const [index, { name, version }] of specs.entries()) {
    const fact = facts.packages[index];
    const candidate = state === 'latest' ? facts.candidates[index] : undefined;
    const newest = version ?? candidate?.version;
    if (!fact?.installed || newest === undefined) continue;
    const current = fact.version;
    const isFar = (other: string) =>
      within !== undefined && series(current, within) !== series(other, within);
    if (isFar(newest)) beyond.push({ name, current, wanted: newest });
    const wanted = isFar(newest) ? candidate?.versions.find((other) => !isFar(other)) : newest;
    if (wanted !== undefined && !matchesVersion(current, wanted)) outdated.push({ name, current, wanted });
  }
  return { outdated, beyond };
}

/** The leading numbers of the upstream version: `1:3.4.23-4` is of the series 3, or 3.4. */
function series(version: string, within: 'major' | 'minor'): string {
  const numbers = version.replace(/^\d+:/, '').split(/[^0-9]+/);
  return numbers.slice(0, within === 'major' ? 1 : 2).join('.');
}

function noteOf(beyond: readonly Outdated[], { within }: AptParams): Note | undefined {
  if (beyond.length === 0 || within === undefined) return undefined;
  const versions = beyond.map(({ name, current, wanted }) => `${name} ${current} -> ${wanted}`).join(', ');
  return {
    message: `${versions} goes beyond ${[...new Set(beyond.map(({ current }) => series(current, within)))].join(', ')} and is left alone`,
    hint: 'a new series has release notes to be read first: it is installed by name and version',
  };
}

function withNote(note: Note | undefined, changes: readonly AptChange[]): Verdict<AptChange> {
  const verdict = changed(...changes);
  return note && (verdict.state === 'in-sync' || verdict.state === 'changes')
    ? { ...verdict, note }
    : verdict;
}

/** A change's packages, and how it is shown. */
function upgradeOf(outdated: readonly Outdated[], held: string[]): [string[], Partial<AptChange>] {
  const versions = outdated.map(({ name, current, wanted }) =>
    outdated.length === 1 ? `${current} -> ${wanted}` : `${name} ${current} -> ${wanted}`,
  );
  const known = outdated.filter(({ wanted }) => !wanted.endsWith('*'));
  return [
    outdated.map(({ name, wanted }) => `${name}=${wanted}`),
    {
      resource: outdated.map(({ name }) => name).join(', '),
      detail: versions.join(', '),
      becomes: Object.fromEntries(known.map(({ name, wanted }) => [name, wanted])),
      mayChangeHeld: true,
      former: Object.fromEntries(outdated.map(({ name, current }) => [name, current])),
      ...(held.length === 0 ? {} : { held }),
    },
  ];
}

function matchesVersion(current: string, wanted: string): boolean {
  return wanted.endsWith('*') ? current.startsWith(wanted.slice(0, -1)) : current === wanted;
}
