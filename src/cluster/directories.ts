/** Directories of the system, and of drover and its components, that nothing may be put into. */
const closed = [
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/lib',
  '/lib32',
  '/lib64',
  '/lost+found',
  '/proc',
  '/root',
  '/run',
  '/sbin',
  '/sys',
  // Emptied at each boot, or by age.
  '/tmp',
  '/usr',
  '/var/backups',
  '/var/cache',
  '/var/lib/apt',
  '/var/lib/dpkg',
  '/var/lib/drover',
  '/var/lib/haproxy',
  '/var/lib/systemd',
  '/var/lock',
  '/var/log',
  '/var/mail',
  '/var/run',
  '/var/spool',
  '/var/tmp',
];

/** Directories with more in them: what is below is free. */
const shared = ['/home', '/media', '/mnt', '/opt', '/srv', '/var', '/var/lib', '/var/lib/postgresql'];

/** A directory that is to be filled, and the variable that says it. */
export interface Filled {
  readonly variable: string;
  readonly path: string;
}

function holds(outer: string, inner: string): boolean {
  return outer === inner || inner.startsWith(`${outer}/`);
}

/** Why a directory cannot be filled, beside the others that are on its host. */
export function directoryProblem(path: string, others: readonly Filled[]): string | undefined {
  const outer = closed.find((each) => holds(each, path));
  if (outer !== undefined)
    return outer === path ? `is a directory of the system` : `is inside ${outer}, a directory of the system`;
  if (shared.includes(path)) return 'has more in it';
  const other = others.find((each) => holds(each.path, path) || holds(path, each.path));
  if (!other) return undefined;
  const place =
    other.path === path
      ? `is ${other.variable}, too`
      : holds(path, other.path)
        ? `is around ${other.variable} (${other.path})`
        : `is inside ${other.variable} (${other.path})`;
  return place;
}
