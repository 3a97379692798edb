import { existsSync, readFileSync } from 'node:fs';
import ssh2, { type ParsedKey } from 'ssh2';
import { memoize } from '../core/memo.ts';
import { fileStamp } from './file-stamp.ts';
import { fromPkcs8 } from './pkcs8.ts';

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
const locked = 'encrypted: load it with ssh-add, or run drover on a terminal, which asks for the passphrase';

/** Keys whose passphrase was given, by path. */
const unlocked = new Map<string, ParsedKey>();
const unlocking = new Map<string, Promise<boolean>>();
let lastQuestion: Promise<unknown> = Promise.resolve();

export type AskPassphrase = (path: string) => Promise<string>;

/** Opens those of the keys that are encrypted; whether there are any such. Each is asked for once, one after the other. */
export async function unlock(paths: readonly string[], ask: AskPassphrase): Promise<boolean> {
  const opened = paths
    .filter((path) => unlocking.has(path) || readKey(path) === locked)
    .map((path) => {
      const before = unlocking.get(path);
      if (before) return before;
      const opening = lastQuestion.then(() => open(path, ask));
      lastQuestion = opening.catch(() => undefined);
      unlocking.set(path, opening);
      return opening;
    });
  return (await Promise.all(opened)).includes(true);
}

// As often as ssh does.
const attempts = 3;

async function open(path: string, ask: AskPassphrase): Promise<boolean> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const key = parse(readFileSync(path), await ask(path));
    if (typeof key === 'string') continue;
    unlocked.set(path, key);
    return true;
  }
  return false;
}

/** Parses again if the file has changed: parsing takes a millisecond for each host of a run. */
const parseFile = memoize((path: string, _stamp: string) => parse(readFileSync(path)));

/** The key, or why it can't be used. */
export function readKey(path: string): ParsedKey | string {
  try {
    return unlocked.get(path) ?? parseFile(path, fileStamp(path));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === 'ENOENT' ? 'no such file' : `unreadable: ${code ?? 'error'}`;
  }
}

function parse(content: Buffer, passphrase?: string): ParsedKey | string {
  const text = content.toString('latin1');
  if (/^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/m.test(text)) {
    if (text.includes('ENCRYPTED') && passphrase === undefined) return locked;
    const converted = fromPkcs8(content, passphrase);
    return converted === undefined
      ? 'PKCS#8 of a kind that SSH does not have, or a wrong passphrase'
      : parse(converted);
  }
  const parsed = ssh2.utils.parseKey(content, passphrase);
  if (!(parsed instanceof Error)) {
    return parsed.isPrivateKey() ? parsed : 'a public key: name the private key, or load it with ssh-add';
  }
  if (/\bsk-/.test(parsed.message)) return securityKey;
  if (/encrypted/i.test(parsed.message)) return locked;
  return `not a private key: ${parsed.message}`;
}
