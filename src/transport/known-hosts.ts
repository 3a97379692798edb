import { createHash, createHmac } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, UnreachableError } from '../core/errors.ts';
import { memoize } from '../core/memo.ts';
import { fileStamp } from './file-stamp.ts';

interface KnownHost {
  readonly marker: string | undefined;
  readonly type: string;
  /** Base64, as in the file. */
  readonly key: string;
  matches(name: string): boolean;
}

export type HostKeyVerdict = 'known' | 'unknown' | 'changed' | 'revoked';

/** The host keys a user trusts: files in OpenSSH's known_hosts format, hashed names and patterns included. */
export class KnownHosts {
  readonly #entries: readonly KnownHost[];
  /** By name: comparing with a hashed entry costs a digest. */
  readonly #named = memoize((name: string) => this.#entries.filter((entry) => entry.matches(name)));

  constructor(texts: readonly string[]) {
    this.#entries = texts.flatMap((text) => text.split('\n').flatMap(parseLine));
  }

  /** The files that exist; parsed once for all hosts of a run, and again if one has changed. */
  static read(paths: readonly string[]): KnownHosts {
    return readFiles(paths.join('\n'), paths.map(stampIfThere));
  }

  /** Key types on record for a host, in the file's order. */
  typesOf(name: string): string[] {
    const trusted = this.#named(name).filter((entry) => entry.marker === undefined);
    return [...new Set(trusted.map((entry) => entry.type))];
  }

  /** Whether a host may show a certificate of an authority's, which node-ssh cannot judge. */
  hasAuthority(name: string): boolean {
    return this.#named(name).some((entry) => entry.marker === '@cert-authority');
  }

  verdict(name: string, key: Buffer): HostKeyVerdict {
    const entries = this.#named(name);
    const encoded = key.toString('base64');
    if (entries.some((entry) => entry.marker === '@revoked' && entry.key === encoded)) return 'revoked';
    const trusted = entries.filter((entry) => entry.marker === undefined);
    if (trusted.some((entry) => entry.key === encoded)) return 'known';
    return trusted.length > 0 ? 'changed' : 'unknown';
  }
}

const readFiles = memoize(
  (paths: string, _stamps: readonly string[]) => new KnownHosts(paths.split('\n').map(readIfThere)),
);

/** A host's name in known_hosts: `address`, or `[address]:port` off port 22. */
export function hostName(address: string, port: number): string {
  return port === 22 ? address : `[${address}]:${port}`;
}

/** The type that a public key in SSH's wire format begins with. */
export function keyType(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}

/** SHA-256 of a public key, as OpenSSH shows it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

interface Recorded {
  readonly name: string;
  readonly knownAs: string;
  readonly knownHostsFiles: readonly string[];
}

/** Records a host's key in the first of its known_hosts files. */
export function remember({ name, knownAs, knownHostsFiles }: Recorded, key: Buffer): void {
  const [file] = knownHostsFiles;
  if (file === undefined || file === '/dev/null') return;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const former = readIfThere(file);
    const gap = former === '' || former.endsWith('\n') ? '' : '\n';
    const line = `${knownAs} ${keyType(key)} ${key.toString('base64')}\n`;
    appendFileSync(file, `${gap}${line}`, { mode: 0o600 });
  } catch (error) {
    throw new UnreachableError(`${name}: its host key cannot be taken down: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function stampIfThere(path: string): string {
  try {
    return fileStamp(path);
  } catch {
    return '';
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function parseLine(line: string): KnownHost[] {
  const fields = line.trim().split(/\s+/);
  const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined;
  const [hosts, type, key] = fields;
  if (hosts === undefined || hosts.startsWith('#') || type === undefined || key === undefined) return [];
  const patterns = hosts.split(',');
  return [{ marker, type, key, matches: (name) => matchesAny(patterns, name) }];
}

function matchesAny(patterns: readonly string[], name: string): boolean {
  let matched = false;
  for (const pattern of patterns) {
    const negated = pattern.startsWith('!');
    if (!matchesOne(negated ? pattern.slice(1) : pattern, name)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

function matchesOne(pattern: string, name: string): boolean {
  if (pattern.startsWith('|1|')) {
    const [, , salt = '', hash = ''] = pattern.split('|');
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  }
  if (!/[*?]/.test(pattern)) return pattern.toLowerCase() === name.toLowerCase();
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 'i').test(name);
}
