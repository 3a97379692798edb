import { isIP } from 'node:net';
import { isHostName, networkProblem } from '../../../config/formats.ts';
import { didYouMean } from '../../../core/diagnostics.ts';

/** A line of pg_hba.conf. */
export interface HbaLine {
  readonly type: string;
  readonly databases: readonly string[];
  readonly users: readonly string[];
  /** An address with its mask, a keyword, or a host's name; undefined for local. */
  readonly address: string | undefined;
  readonly method: string;
}

export interface HbaProblem {
  readonly problem: string;
  readonly hint?: string;
}

const types = ['local', 'host', 'hostssl', 'hostnossl', 'hostgssenc', 'hostnogssenc'];

/** Methods of Debian's PostgreSQL, and the options that each takes besides clientcert. */
const methods: Readonly<Record<string, RegExp | undefined>> = {
  trust: undefined,
  reject: undefined,
  'scram-sha-256': undefined,
  md5: undefined,
  password: undefined,
  ident: /^map$/,
  peer: /^map$/,
  gss: /^(map|include_realm|krb_realm)$/,
  pam: /^(pamservice|pam_use_hostname)$/,
  ldap: /^ldap(server|port|tls|scheme|prefix|suffix|basedn|binddn|bindpasswd|searchattribute|searchfilter|url)$/,
  radius: /^radius(servers|secrets|ports|identifiers)$/,
  cert: /^(map|clientname)$/,
};

/** What is wrong with a line of pg_hba.conf (PostgreSQL, src/backend/libpq/hba.c), or the line taken apart. */
export function parseHba(text: string): HbaLine | HbaProblem {
  const words = splitWords(text);
  if (!words) return { problem: 'has a quote that does not end' };
  const [type = '', databases, users, ...rest] = words;
  if (!types.includes(type)) {
    return type.startsWith('include')
      ? { problem: 'includes a file, which drover would not know of', hint: 'write its lines here' }
      : { problem: `is no line of pg_hba.conf: it begins with "${type}"`, ...didYouMean(type, types) };
  }
  if (databases === undefined || users === undefined || rest.length === 0) return tooShort;
  const names = { type, databases: namesOf(databases), users: namesOf(users) };
  const file = [...names.databases, ...names.users].find((name) => name.startsWith('@'));
  if (file !== undefined)
    return { problem: `reads names from the file ${file.slice(1)}, which drover would not know of` };
  if (type === 'local') return withMethod({ ...names, address: undefined }, rest);
  const [address = '', ...after] = rest;
  const [mask = ''] = after;
  if (isIP(address) > 0 && isIP(mask) > 0)
    return isIP(address) === isIP(mask)
      ? withMethod({ ...names, address: `${address}/${mask}` }, after.slice(1))
      : { problem: `has a mask of another family than ${address}` };
  const wrong = addressProblem(address);
  return wrong === undefined ? withMethod({ ...names, address }, after) : { problem: `: ${wrong}` };
}

const tooShort: HbaProblem = {
  problem: 'is no line of pg_hba.conf',
  hint: 'type, database, user, address (not for local) and method, such as: host app app 10.0.0.0/8 scram-sha-256',
};

/** Words, of which a list's are one; undefined where a quote stays open. */
function splitWords(text: string): string[] | undefined {
  const words = text.match(/(?:"[^"]*"|,[ \t]*|[^\s",#]|")+|#.*/g) ?? [];
  const own = words.filter((word) => !word.startsWith('#')).map((word) => word.replaceAll(/,[ \t]+/g, ','));
  return own.some((word) => word.replaceAll(/"[^"]*"/g, '').includes('"')) ? undefined : own;
}

function namesOf(word: string): string[] {
  return word.split(',').filter((name) => name !== '');
}

function addressProblem(address: string): string | undefined {
  if (['all', 'samehost', 'samenet'].includes(address)) return undefined;
  if (address.includes(',')) return `"${address}" are several addresses: each takes a line of its own`;
  const [before = ''] = address.split('/');
  if (address.includes('/') && isIP(before) === 0 && isHostName(before))
    return `"${address}" is no address: the name of a host takes no mask`;
  if (address.includes('/') || isIP(address) > 0) return networkProblem(address);
  return isHostName(address.replace(/^\./, '')) ? undefined : `"${address}" is no address and no host name`;
}

function withMethod(line: Omit<HbaLine, 'method'>, words: readonly string[]): HbaLine | HbaProblem {
  const [method, ...options] = words;
  if (method === undefined) return tooShort;
  if (!(method in methods))
    return { problem: `has no method "${method}"`, ...didYouMean(method, Object.keys(methods)) };
  if (method === 'peer' && line.type !== 'local')
    return { problem: 'has the method peer, which is for local only' };
  if (method === 'gss' && line.type === 'local')
    return { problem: 'has the method gss, which is not for local' };
  if (method === 'cert' && line.type !== 'hostssl')
    return { problem: 'has the method cert, which is for hostssl only' };
  if (line.type === 'hostgssenc' && !['gss', 'reject', 'trust'].includes(method))
    return { problem: `has the method ${method}, and hostgssenc takes gss, reject and trust only` };
  const problem = options.map((option) => optionProblem(line.type, method, option)).find(Boolean);
  if (problem !== undefined) return { problem };
  const given = new Set(options.map((option) => option.split('=')[0] ?? ''));
  const missing = required(method).find((some) => !some.some((name) => given.has(name)));
  return missing ? { problem: `needs ${missing.join(' or ')} for ${method}` } : { ...line, method };
}

function optionProblem(type: string, method: string, option: string): string | undefined {
  const [name = '', ...value] = option.split('=');
  if (value.length === 0) return `has "${option}" after its method, where only name=value stands`;
  if (name === 'clientcert') {
    if (type !== 'hostssl') return 'has clientcert, which is for hostssl only';
    const takes = method === 'cert' ? ['verify-full'] : ['verify-ca', 'verify-full'];
    return takes.includes(value.join('=')) ? undefined : `: clientcert takes ${takes.join(' or ')}`;
  }
  if (name === 'clientname' && !/^(CN|DN)$/.test(value.join('='))) return ': clientname takes CN or DN';
  return methods[method]?.test(name) || (name === 'clientname' && type === 'hostssl')
    ? undefined
    : `has the option ${name}, which ${method} does not take`;
}

/** Options of which one of each row must be there. */
function required(method: string): readonly (readonly string[])[] {
  if (method === 'radius') return [['radiusservers'], ['radiussecrets']];
  if (method !== 'ldap') return [];
  return [
    ['ldapserver', 'ldapurl'],
    ['ldapbasedn', 'ldapprefix', 'ldapsuffix', 'ldapurl'],
  ];
}
