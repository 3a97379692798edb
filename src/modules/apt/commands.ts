import { patience } from '../../shell/apt.ts';
import { quote, quoteAll } from '../../shell/quote.ts';
import { parsePackage, type AptChange } from './schema.ts';

/** What invoke-rc.d asks before it starts a service (policy-rc.d(8)). */
export const policyFile = '/usr/sbin/policy-rc.d';
export const policyText =
  '#!/bin/sh\n# drover: no service is started while packages are installed\nexit 101\n';

/** The script that carries out one apt change. */
export function aptScript(change: AptChange): string {
  const packages = quoteAll(change.packages);
  switch (change.special) {
    case 'hold':
    case 'unhold':
      return [patience(change.lockTimeout), `patiently apt-mark ${change.special} -- ${packages}`].join('\n');
    case 'policy':
      return `policy=${policyFile}\n${restorePolicy}\nrestore`;
    case undefined:
      break;
  }
  const verb = change.action === 'remove' ? (change.purge ? 'purge' : 'remove') : 'install';
  const options = [
    ...(change.installRecommends ? [] : ['--no-install-recommends']),
    ...(change.allowDowngrade ? ['--allow-downgrades'] : []),
    ...(change.mayChangeHeld ? ['--allow-change-held-packages'] : []),
    ...(change.action === 'download' ? ['--download-only'] : []),
    ...(change.autoremove ? ['--autoremove'] : []),
    ...(change.defaultRelease === undefined ? [] : ['-t', change.defaultRelease]),
  ];
  return [
    quietly,
    patience(change.lockTimeout),
    // cloud-init installs packages and rewrites sources at first boot; its own failure is not ours.
    'if command -v cloud-init >/dev/null; then cloud-init status --wait >/dev/null 2>&1 || :; fi',
    ...(change.withoutStarting && change.action !== 'download' ? [withoutStarting] : []),
    // A dpkg that a power cut interrupted refuses everything until it is finished. Nobody is there to answer it.
    ...(change.action === 'download'
      ? []
      : ['patiently dpkg --force-confdef --force-confold --configure -a']),
    ...(change.updateCache && verb === 'install' ? [updateIfOlder(change.cacheValidTime)] : []),
    ...(verb === 'install' ? exactly(change.packages) : []),
    `patiently ${[aptGet, ...options.map(quote), verb].join(' ')} -- ${packages}`,
    ...holdAgain(change),
  ].join('\n');
}

/** The script that goes back from an upgrade, as far as the package sources still have the former versions. */
export function takeBackScript(change: AptChange): string {
  const { former = {}, lockTimeout } = change;
  const specs = Object.entries(former).map(([name, version]) => `${name}=${version}`);
  return [
    quietly,
    patience(lockTimeout),
    ...(change.withoutStarting ? [withoutStarting] : []),
    `patiently ${aptGet} --no-install-recommends --allow-downgrades --allow-change-held-packages install -- ${quoteAll(specs)}`,
    ...holdAgain(change),
  ].join('\n');
}

/** dpkg releases what it upgrades. */
function holdAgain({ held = [] }: AptChange): string[] {
  return held.length === 0 ? [] : [`patiently apt-mark hold -- ${quoteAll(held)}`];
}

/** Prints all that apt's sources have of these packages, as `name=version`, but for what is on the host already. */
export function notFetchedScript(names: readonly string[]): string {
  return `apt-cache madison -- ${quoteAll(names)} 2>/dev/null | while read -r n _ v _ from _; do
case $from in file:*) continue ;; esac
set -- /var/cache/apt/archives/"$n"_"$(printf %s "$v" | sed 's/:/%3a/')"_*.deb
[ -e "$1" ] || printf '%s=%s\\n' "$n" "$v"
done`;
}

const quietly =
  'export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none UCF_FORCE_CONFFOLD=1';

const aptGet = `apt-get -y -q -o Acquire::Retries=3 \
-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold`;

/**
 * Makes sure of packages whose names apt would take for a regular expression, or for \`name+\`, if it does not know them:
 * it would install others.
 */
function exactly(packages: readonly string[]): string[] {
  const names = packages.map((spec) => parsePackage(spec).name).filter((name) => /[.+]/.test(name));
  return names.length === 0
    ? []
    : [
        `for n in ${quoteAll(names)}; do apt-cache policy -- "$n" | grep -Fqx -- "$n:" || { echo "E: Unable to locate package $n" >&2; exit 100; }; done`,
      ];
}

/** There while the last update has not brought everything. */
const incomplete = '/var/lib/drover/apt-incomplete';

// One that brings some lists only is no failure to apt, unless it is told so; then what is there has to do, and the next
// run tries again. The lists' own times are their servers'; the folder's is that of the last update, or else apt's stamp or ours.
function updateIfOlder(seconds: number): string {
  const stamps = '/var/lib/apt/lists /var/lib/apt/periodic/update-success-stamp /var/lib/drover/apt-updated';
  return `u=/var/lib/drover/apt-updated; [ -e $u ] || u=/var/lib/apt/lists
if [ -z "$(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' 2>/dev/null | head -n 1)" ] ||
[ -z "$(find ${stamps} -maxdepth 0 -newermt '-${seconds} seconds' 2>/dev/null)" ] ||
[ -e ${incomplete} ] || [ -n "$(find /etc/apt/sources.list /etc/apt/sources.list.d -newer $u 2>/dev/null)" ]; then
install -d -m 700 /var/lib/drover; touch ${incomplete}
if patiently ${aptGet} -o APT::Update::Error-Mode=any update; then touch /var/lib/drover/apt-updated; rm -f ${incomplete}
else patiently ${aptGet} update; fi; fi`;
}

const restorePolicy =
  'restore() { rm -f $policy; [ ! -e $policy.before-drover ] || mv -f $policy.before-drover $policy; }';

const withoutStarting = `policy=${policyFile}
[ ! -e $policy ] || mv -f $policy $policy.before-drover
${restorePolicy}
printf '${policyText.replaceAll('\n', '\\n')}' > $policy; chmod 755 $policy`;
