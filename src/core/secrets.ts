import { randomBytes } from 'node:crypto';
import { makeScramVerifier } from './scram.ts';

// Private-use code points frame a placeholder, so that it passes through templates, diffs and schemas as text.
const open = '\uE000';
const close = '\uE001';
// What the value goes through, in this order, to stand where the placeholder stands.
const placeholders = new RegExp(`${open}([^${open}${close}|]+)((?:\\|(?:json|scram|quoted))*)${close}`, 'g');

type Form = 'json' | 'scram' | 'quoted';

const forms: Readonly<Record<Form, (value: string) => string>> = {
  /** Between the quotation marks of a JSON text. */
  json: (value) => JSON.stringify(value).slice(1, -1),
  /** PostgreSQL's verifier of a password. */
  scram: (value) => makeScramVerifier(value),
  /** Between the single quotes of a shell. */
  quoted: (value) => value.replaceAll("'", `'\\''`),
};

/** What people see in place of a secret. */
export const mask = '«secret»';

/** True when the text holds a placeholder of a secret. */
export function holdsSecret(text: string): boolean {
  return text.includes(open);
}

/** Placeholders as people see them: masked. Needs no vault. */
export function maskPlaceholders(text: string): string {
  if (!holdsSecret(text)) return text;
  return text.replace(placeholders, mask);
}

function goingThrough(text: string, form: Form): string {
  if (!holdsSecret(text)) return text;
  return text.replace(
    placeholders,
    (_, name: string, before: string) => `${open}${name}${before}|${form}${close}`,
  );
}

/** JSON text whose placeholders will be revealed escaped for JSON. */
export function stringifyWithSecrets(value: unknown): string {
  return goingThrough(JSON.stringify(value), 'json');
}

/** The text with each placeholder standing for PostgreSQL's verifier of the password instead of the password. */
export function asScramVerifier(password: string): string {
  return holdsSecret(password) ? goingThrough(password, 'scram') : makeScramVerifier(password);
}

/** The text for between single quotes of a shell: what its placeholders stand for will be quoted, too. */
export function quotePlaceholders(text: string): string {
  return goingThrough(text, 'quoted');
}

/** Undoes `quotePlaceholders`, for a text taken out of its single quotes. */
export function unquotePlaceholders(text: string): string {
  return text.replace(
    placeholders,
    (_, name: string, before: string) => `${open}${name}${before.replace(/\|quoted$/, '')}${close}`,
  );
}

const soundsSecret =
  /("?[\w.-]*(?:password|passwd|secret|token|credential)[\w.-]*"?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|[^\s,}]+)/gi;

/** A text typed by a user, with values masked if their key sounds like a secret's: no vault knows them. */
export function maskBySound(text: string): string {
  return text.replace(soundsSecret, `$1${mask}`);
}

/**
 * Holds the run's secret values. Everywhere else a secret is a placeholder; `reveal` is called only where text
 * goes to a host, `redact` on everything that comes back from one or is shown.
 */
export class Vault {
  readonly #values = new Map<string, string>();
  /** What `redact` looks for; made when it is asked for. */
  #shown: readonly string[] | undefined;
  #sealed = 0;

  /** Stores a value and returns its placeholder. */
  seal(name: string, value: string): string {
    this.#values.set(name, value);
    this.#shown = undefined;
    this.#sealed++;
    return `${open}${name}${close}`;
  }

  /** Also masks a text that is no placeholder where it is used: a value out of ansible-vault. */
  hide(text: string): void {
    this.seal(`hidden ${this.#sealed}`, text);
  }

  /** Counts stored values: after each one, texts may have to be redacted again. */
  get sealed(): number {
    return this.#sealed;
  }

  value(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** The text with every placeholder replaced by its value: for the wire only. */
  reveal(text: string): string {
    if (!holdsSecret(text)) return text;
    return text.replace(placeholders, (_, name: string, through: string) => {
      const value = this.#values.get(name);
      if (value === undefined) throw new Error(`no value for the secret ${name}`);
      const steps = through.split('|').slice(1) as Form[];
      return steps.reduce((shown, form) => forms[form](shown), value);
    });
  }

  /** The text with placeholders and known values masked, as they are and as they stand in JSON or a shell's quotes. */
  redact(text: string): string {
    let masked = maskPlaceholders(text);
    for (const shown of (this.#shown ??= this.#shownForms())) masked = masked.replaceAll(shown, mask);
    return masked;
  }

  #shownForms(): string[] {
    const shown = [...this.#values.values()]
      // Shorter values would mask ordinary words; a password that short protects nothing.
      .filter((value) => value.length >= 4)
      .flatMap((value) => [
        value,
        forms.json(value),
        Buffer.from(value).toString('base64'),
        forms.quoted(value),
        // A script of a change is evaluated out of a script.
        forms.quoted(forms.quoted(value)),
      ])
      // The longest first: of a value within another, the rest would stay.
      .sort((a, b) => b.length - a.length);
    return [...new Set(shown)];
  }
}

/** A password of 32 characters out of 62 (190 bits), safe in a shell, URL, SQL or YAML. */
export function generatePassword(): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  let password = '';
  while (password.length < 32) {
    for (const byte of randomBytes(48)) {
      // 248 is the largest multiple of 62 in a byte: taking the rest would favour the first letters.
      if (byte < 248 && password.length < 32) password += alphabet[byte % alphabet.length] ?? '';
    }
  }
  return password;
}
