/** One server of one of HAProxy's proxies, out of `show stat`. */
export interface HaproxyServer {
  readonly proxy: string;
  readonly server: string;
  /** `UP`, `DOWN`, `UP 1/3`, `MAINT`, … */
  readonly status: string;
  /** How the last check ended: `L7OK`, `L7STS`, `L7RSP`, `L4CON`, … */
  readonly check: string;
  readonly sessions: number;
}

/** The admin socket belongs to root, so it is asked on the host; perl-base is Essential and has sockets. */
export const showStatScript = `perl -MIO::Socket::UNIX -e '
my $s = IO::Socket::UNIX->new(Peer => "/run/haproxy/admin.sock") or die "no answer at /run/haproxy/admin.sock\\n";
print $s "show stat\\n"; print while <$s>;'`;

/** The servers in the CSV of `show stat`; the columns are found by their names in its first line. */
export function parseStat(csv: string): HaproxyServer[] {
  const [header = '', ...lines] = csv.trim().split('\n');
  const names = header.replace(/^# /, '').split(',');
  const column = (name: string) => names.indexOf(name);
  return lines
    .map((line) => line.split(','))
    .filter(
      (fields) =>
        fields.length >= names.length - 1 &&
        !['FRONTEND', 'BACKEND'].includes(fields[column('svname')] ?? ''),
    )
    .map((fields) => ({
      proxy: fields[column('pxname')] ?? '',
      server: fields[column('svname')] ?? '',
      status: fields[column('status')] ?? '',
      // A check that is under way is marked with "* ".
      check: (fields[column('check_status')] ?? '').replace(/^\* /, ''),
      sessions: Number(fields[column('scur')] ?? 0),
    }));
}

export function isUp(server: HaproxyServer): boolean {
  return server.status.startsWith('UP');
}

const units = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Seconds of a time as HAProxy's configuration has it: `3s`, `500ms`; without a unit it is milliseconds. */
export function parseHaproxyTime(text: string): number {
  const [, number = '0', unit = 'ms'] = /^(\d+)(us|ms|s|m|h|d)?$/.exec(text) ?? [];
  return Number(number) * units[unit as keyof typeof units];
}
