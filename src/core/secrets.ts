import { createHmac, randomBytes } from 'node:crypto';
import { makeScramVerifier } from './scram.ts';

// Private-use code points frame a placeholder, so that it passes through templates, diffs and schemas as text.
const open = '\uE000';
const close = '\uE001';
// A form that the value takes, and how many shells' single quotes it stands in.
const placeholders = new RegExp(
  `${open}([^${open}${close}|]+)(?:\\|(json|scram))?(?:\\|(\\d+))?${close}`,
  'g',
);

/** What people see in place of a secret. */
export const mask = '«secret»';

/** True when the text holds a placeholder of a secret. */
export function holdsSecret(text: string): boolean {
  return text.includes(open);
}

/** Placeholders as people see them: masked. Needs no vault. */
export function maskPlaceholders(text: string): string {
  return text.replace(placeholders, mask);
}

/** JSON text whose placeholders will be revealed escaped for JSON. */
export function stringifyWithSecrets(value: unknown): string {
  return JSON.stringify(value).replace(placeholders, (placeholder, name: string, form: string | undefined) =>
    // A verifier needs no escaping, and must not turn into the password it stands for.
    form === 'scram' ? placeholder : `${open}${name}|json${close}`,
  );
}

/** The text with each placeholder standing for PostgreSQL's verifier of the password instead of the password. */
export function asScramVerifier(password: string): string {
  if (!holdsSecret(password)) return makeScramVerifier(password);
  return password.replace(placeholders, (_, name: string) => `${open}${name}|scram${close}`);
}

/** The text for between single quotes of a shell: what its placeholders stand for will be quoted, too. */
export function quotePlaceholders(text: string): string {
  if (!holdsSecret(text)) return text;
  return text.replace(placeholders, (_, name: string, form: string | undefined, depth: string | undefined) =>
    [`${open}${name}`, ...(form === undefined ? [] : [form]), `${Number(depth ?? 0) + 1}${close}`].join('|'),
  );
}

/**
 * Holds the run's secret values. Everywhere else a secret is a placeholder; `reveal` is called only where text
 * goes to a host, `redact` on everything that comes back from one or is shown.
 */
export class Vault {
  readonly #values = new Map<string, string>();
  readonly #key = randomBytes(32);

  /** Takes a value in and returns the placeholder that stands for it. */
  seal(name: string, value: string): string {
    this.#values.set(name, value);
    return `${open}${name}${close}`;
  }

  value(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** The text with every placeholder replaced by its value: for the wire only. */
  reveal(text: string): string {
    if (!holdsSecret(text)) return text;
    return text.replace(
      placeholders,
      (_, name: string, form: string | undefined, depth: string | undefined) => {
        const value = this.#values.get(name);
        if (value === undefined) throw new Error(`no value for the secret ${name}`);
        let shown = value;
        if (form === 'json') shown = JSON.stringify(value).slice(1, -1);
        if (form === 'scram') shown = makeScramVerifier(value);
        for (let level = Number(depth ?? 0); level > 0; level--) shown = shown.replaceAll("'", `'\\''`);
        return shown;
      },
    );
  }

  /** The text with placeholders and known values masked, as they are and as they stand in JSON. */
  redact(text: string): string {
    let masked = maskPlaceholders(text);
    const forms = [...this.#values.values()]
      // Shorter values would mask ordinary words; a password that short protects nothing.
      .filter((value) => value.length >= 4)
      .flatMap((value) => [value, JSON.stringify(value).slice(1, -1)])
      // The longest first: of a value within another, the rest would stay.
      .sort((a, b) => b.length - a.length);
    for (const form of forms) masked = masked.replaceAll(form, mask);
    return masked;
  }

  /** A digest that can be shown or stored: keyed, so that nobody can test guesses against it. */
  digest(text: string): string {
    return createHmac('sha256', this.#key).update(this.reveal(text)).digest('hex');
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
