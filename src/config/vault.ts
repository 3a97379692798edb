import { createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { decodeText } from '../core/text.ts';
import { memoize } from '../core/memo.ts';
import { mask, type Vault } from '../core/secrets.ts';

/** A password of ansible-vault, with the label that texts encrypted with it may bear. */
export interface VaultPassword {
  readonly label: string;
  readonly password: string;
}

/** Why an encrypted text stays closed. */
export class VaultError extends Error {}

export const vaultHint = 'give the password with --vault-password-file, --vault-id or --ask-vault-pass';

/** Whether a text is one of ansible-vault's. */
export function isVaulted(text: string): boolean {
  return text.startsWith('$ANSIBLE_VAULT;');
}

/** Opens what ansible-vault has encrypted (format 1.1 and 1.2), and knows what it has opened: all of that is secret. */
export class VaultKeys {
  readonly #passwords: readonly VaultPassword[];
  readonly #hidden = new Set<string>();
  #vault: Vault | undefined;

  /** Where values are only listed, those that nothing opens stay as they are. */
  readonly onlyLists: boolean;

  constructor(passwords: readonly VaultPassword[] = [], onlyLists = false) {
    this.#passwords = passwords;
    this.onlyLists = onlyLists;
  }

  /** The plain text. Passwords with the text's label are tried first, then all others, as Ansible does. */
  readonly open = memoize((text: string): string => {
    const { label, salt, hmac, body } = parseEnvelope(text);
    if (this.#passwords.length === 0)
      throw new VaultError('it is encrypted with ansible-vault, and no password is given');
    const first = this.#passwords.filter((key) => key.label === label);
    const others = this.#passwords.filter((key) => key.label !== label);
    for (const { password } of [...first, ...others]) {
      const derived = pbkdf2Sync(password, salt, 10_000, 80, 'sha256');
      const own = createHmac('sha256', derived.subarray(32, 64)).update(body).digest();
      if (own.length !== hmac.length || !timingSafeEqual(own, hmac)) continue;
      const decipher = createDecipheriv('aes-256-ctr', derived.subarray(0, 32), derived.subarray(64, 80));
      const padded = Buffer.concat([decipher.update(body), decipher.final()]);
      const plain = decodeText(padded.subarray(0, padded.length - (padded.at(-1) ?? 0)));
      if (plain === undefined) throw new VaultError('what is encrypted in it is not text in UTF-8');
      return plain;
    }
    throw new VaultError(
      `none of the passwords opens it${label === undefined ? '' : ` (its label is ${label})`}`,
    );
  });

  /** A decrypted value is masked as a whole, line by line, and around what is rendered in it. */
  hideValue(text: string): void {
    const lines = text.split('\n');
    const parts = lines.flatMap((line) => line.split(/\{\{.*?\}\}/));
    for (const part of [...lines, ...parts]) this.hide(part.trim());
    this.hide(text);
  }

  /** Texts that are to be masked wherever they would be shown. */
  hide(text: string): void {
    // Shorter ones are words of every message; a password that short protects nothing.
    if (text.length < 4 || this.#hidden.has(text)) return;
    this.#hidden.add(text);
    this.#vault?.hide(text);
  }

  /** Has a run's vault mask what was opened, and what will be. */
  maskIn(vault: Vault): void {
    this.#vault = vault;
    this.#hidden.forEach((text) => vault.hide(text));
  }

  /** The text without what is hidden, longest first: of a text within another the rest would stay. */
  mask(text: string): string {
    const hidden = [...this.#hidden].sort((one, other) => other.length - one.length);
    return hidden.reduce((shown, each) => shown.replaceAll(each, mask), text);
  }
}

/** A header, then hexadecimal digits of three lines of hexadecimal digits: salt, HMAC, ciphertext. */
function parseEnvelope(text: string): {
  label: string | undefined;
  salt: Buffer;
  hmac: Buffer;
  body: Buffer;
} {
  const [header = '', ...lines] = text.trim().split(/\r?\n/);
  const [, version = '', cipher = '', label] = header.trim().split(';');
  if (!/^1\.[12]$/.test(version) || cipher !== 'AES256')
    throw new VaultError(`its format is ${version};${cipher}: there are 1.1;AES256 and 1.2;AES256`);
  const digits = lines.map((line) => line.trim()).join('');
  const [salt, hmac, body, ...rest] = Buffer.from(digits, 'hex').toString('latin1').split('\n');
  if (!isHex(digits) || !isHex(salt) || !isHex(hmac) || !isHex(body) || rest.length > 0)
    throw new VaultError('it is damaged: it is no text of ansible-vault any more');
  return {
    label,
    salt: Buffer.from(salt, 'hex'),
    hmac: Buffer.from(hmac, 'hex'),
    body: Buffer.from(body, 'hex'),
  };
}

function isHex(text: string | undefined): text is string {
  return text !== undefined && /^([0-9a-fA-F]{2})+$/.test(text);
}
