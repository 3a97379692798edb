import { existsSync, readFileSync } from 'node:fs';
import ssh2, { type ParsedKey } from 'ssh2';
import { memoize } from '../core/memo.ts';
import { fileStamp } from './file-stamp.ts';

/** What of an identity file only the program ssh can use. */
export function beyondUs(path: string): string | undefined {
  if (existsSync(`${path}-cert.pub`)) return `the certificate ${path}-cert.pub`;
  const key = readKey(path);
  return key === securityKey ? `the security key ${path}` : undefined;
}

/** The public keys in a key's file and in the `.pub` beside it, in SSH's wire format. */
export function publicKeysOf(path: string): string[] {
  return [path, `${path}.pub`].flatMap((file) => {
    try {
      const key = ssh2.utils.parseKey(readFileSync(file));
      return key instanceof Error ? [] : [wireFormat(key)];
    } catch {
      return [];
    }
  });
}

type PublicKey = string | Buffer | ParsedKey | { readonly pubKey: PublicKey };

export function wireFormat(key: PublicKey): string {
  if (typeof key === 'string') return key;
  if (Buffer.isBuffer(key)) return key.toString('base64');
  return 'getPublicSSH' in key ? key.getPublicSSH().toString('base64') : wireFormat(key.pubKey);
}

const securityKey = 'a security key (sk)';

/** Parses again if the file has changed: parsing takes a millisecond for each host of a run. */
const parseFile = memoize((path: string, _stamp: string) => parse(readFileSync(path)));

/** The key, or why it can't be used. */
export function readKey(path: string): ParsedKey | string {
  try {
    return parseFile(path, fileStamp(path));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === 'ENOENT' ? 'no such file' : `unreadable: ${code ?? 'error'}`;
  }
}

function parse(content: Buffer): ParsedKey | string {
  const parsed = ssh2.utils.parseKey(content);
  if (!(parsed instanceof Error)) {
    return parsed.isPrivateKey() ? parsed : 'a public key: name the private key, or load it with ssh-add';
  }
  if (/\bsk-/.test(parsed.message)) return securityKey;
  if (/encrypted/i.test(parsed.message)) return 'encrypted: load it with ssh-add';
  return `not a private key: ${parsed.message}`;
}
