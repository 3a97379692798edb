// What the system writes by itself, and tests' own notes. What drover keeps of files it replaces is no change of the host's.
const kept = '/var/lib/drover/former';
const ignored = ['/proc', '/sys', '/dev', '/tmp', '/var/log', '/var/tmp', '/var/lib/systemd/timers', kept];

/**
 * Script that puts a line for each path of the host into a file: type, owner, mode, and for all but folders size, time
 * and target of a link. Of /run only what drover and systemd's administrator keep there. It works in /tmp/paths.
 */
export function listPaths(file: string, alsoIgnored: readonly string[] = []): string {
  const left = [...ignored, ...alsoIgnored].map((path) => `-path '${path}'`).join(' -o ');
  return `mkdir -p /tmp/paths; cd /tmp/paths
line='%y %m %U:%G %s %T@ %l\\t%p\\n'; folder='%y %m %U:%G\\t%p\\n'
{ find / -xdev \\( ${left} \\) -prune -o -path /var/lib/drover -o -type d -printf "$folder" -o -printf "$line"
find /run/drover /run/systemd/system -type d -printf "$folder" -o -printf "$line" 2>/dev/null; } | sort > ${file}`;
}

/** Script that prints the paths that are new, gone or not as two lists of the above have them, once each. */
export function differingPaths(before: string, now: string): string {
  return `comm -3 ${before} ${now} | sed 's/^\\t//' | cut -f2- | sort -u`;
}
