import { isIP, isIPv4, isIPv6 } from 'node:net';

/** What is wrong with a text that is to be of some form, after its name; undefined if nothing is. */
type Format = (text: string) => string | undefined;

const hostName =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.?$/i;

/** Whether a text can be a host's name; what consists of digits and dots is meant as an address. */
export function isHostName(text: string): boolean {
  return hostName.test(text) && !/^[\d.]+$/.test(text);
}

/** Bits of a network's mask at most; 0 for what is no address. */
function bitsOf(address: string): number {
  return isIPv4(address) ? 32 : isIPv6(address) ? 128 : 0;
}

/** What is wrong with an address with a mask, such as 10.0.0.0/8; undefined if nothing is. */
export function networkProblem(text: string): string | undefined {
  const [address = '', mask, more] = text.split('/');
  const bits = bitsOf(address);
  if (bits === 0 || more !== undefined)
    return `"${text}" is no network: write an address with the bits of its mask, such as 10.0.0.0/8`;
  if (mask === undefined) {
    const network = isIPv4(address) ? `, ${address.replace(/\.\d+$/, '.0')}/24 for a network` : '';
    return `"${text}" has no mask: write ${address}/${bits} for one host${network}`;
  }
  return /^\d{1,3}$/.test(mask) && Number(mask) <= bits
    ? undefined
    : `"${text}" is no network: the mask of ${isIPv4(address) ? 'an IPv4' : 'an IPv6'} address has 0 to ${bits} bits`;
}

function addressProblem(text: string): string | undefined {
  if (!isIPv4(text)) return `"${text}" is no IPv4 address`;
  // 127.0.0.1 or 0.0.0.0 would be each host itself; from 224 on there are no hosts.
  return /^(0|127|22[4-9]|2[3-5]\d)\./.test(text)
    ? `"${text}" is no address at which other hosts reach this one`
    : undefined;
}

function listenProblem(text: string): string | undefined {
  const addresses = text.split(',').map((part) => part.trim());
  if (addresses.includes('*') && addresses.length > 1) return '"*" stands alone, or not at all';
  const wrong = addresses.find(
    (address) => address !== '*' && address !== 'localhost' && isIP(address) === 0,
  );
  return wrong === undefined
    ? undefined
    : `"${wrong}" is no address: write *, addresses separated by commas, or localhost among them`;
}

const longest = 2_147_483_647;
const milliseconds: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function durationProblem(text: string, most = longest, shown = '24d'): string | undefined {
  const [, count = '', unit = 'ms'] = /^(\d+)(us|ms|s|m|h|d)?$/.exec(text) ?? [];
  if (count === '') return 'must be a number with a unit: us, ms, s, m, h or d';
  const time = Number(count) * (milliseconds[unit] ?? 1);
  return time < 1 || time > most ? `must be 1ms to ${shown}` : undefined;
}

// What PostgreSQL or pg_hba.conf takes for something else than a role.
const notRoles = [
  'all',
  'public',
  'none',
  'current_role',
  'current_user',
  'session_user',
  'user',
  'samerole',
  'sameuser',
  'samegroup',
  'replication',
];

function roleProblem(text: string): string | undefined {
  if (!/^[a-zA-Z_][\w.-]{0,62}$/.test(text))
    return 'must begin with a letter and consist of at most 63 letters, digits, _, . and -';
  if (/^pg_/i.test(text)) return 'must not begin with pg_, which PostgreSQL keeps for itself';
  return notRoles.includes(text.toLowerCase())
    ? `must not be "${text}", which means something else to PostgreSQL`
    : undefined;
}

function pathProblem(text: string): string | undefined {
  if (!/^(\/[\w.+@:-]+)+$/.test(text))
    return 'must be an absolute path of letters, digits, ., _, +, @, : and -, without a slash at its end';
  return /\/\.\.?(\/|$)/.test(text) ? 'must be a path without . and ..' : undefined;
}

/** The forms that a declaration may ask of a text, or of each text of a list. */
export const formats = {
  ipv4: addressProblem,
  host: (text) =>
    isIP(text) > 0 || isHostName(text) ? undefined : `"${text}" is no address and no host name`,
  listen: listenProblem,
  bind: (text) =>
    text === '*' || isIP(text) > 0 ? undefined : `"${text}" is no address: write an address, or * for all`,
  network: networkProblem,
  source: (text) => (isIP(text) > 0 ? undefined : networkProblem(text)),
  duration: (text) => durationProblem(text),
  // With pauses between its checks that are longer nobody would notice a failover.
  interval: (text) => durationProblem(text, 60_000, '60s'),
  role: roleProblem,
  path: pathProblem,
} as const satisfies Readonly<Record<string, Format>>;
