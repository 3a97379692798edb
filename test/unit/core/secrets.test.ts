import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesScramVerifier } from '../../../src/core/scram.ts';
import {
  mask,
  asScramVerifier,
  generatePassword,
  holdsSecret,
  maskPlaceholders,
  stringifyWithSecrets,
  Vault,
} from '../../../src/core/secrets.ts';
import { quote } from '../../../src/shell/quote.ts';

// How a single quote stands between single quotes.
const esc = "'\\''";
const awkward = 'p"a\\ss$&\nword';

describe('a sealed secret', () => {
  test('is a placeholder until it is revealed, wherever it stands in a text', () => {
    const vault = new Vault();
    const placeholder = vault.seal('superuser_password', awkward);
    const text = `user=postgres password=${placeholder}; again ${placeholder}`;
    expect(text).not.toContain(awkward);
    expect(holdsSecret(text)).toBe(true);
    expect(holdsSecret('user=postgres')).toBe(false);
    expect(maskPlaceholders(text)).toBe('user=postgres password=«secret»; again «secret»');
    expect(vault.reveal(text)).toBe(`user=postgres password=${awkward}; again ${awkward}`);
    expect(vault.value('superuser_password')).toBe(awkward);
  });

  test('within JSON is revealed escaped, so that the JSON reads back', () => {
    const vault = new Vault();
    const json = stringifyWithSecrets({ password: vault.seal('p', awkward), port: 5432 });
    expect(maskPlaceholders(json)).toBe('{"password":"«secret»","port":5432}');
    expect(JSON.parse(vault.reveal(json))).toEqual({ password: awkward, port: 5432 });
  });

  test('goes through JSON and quotes in the order in which it was put into them', () => {
    const vault = new Vault();
    const value = `it's "so" \\`;
    const sealed = vault.seal('p', value);
    const put = (text: string) => vault.reveal(stringifyWithSecrets(text));
    expect(JSON.parse(put(quote(sealed)))).toBe(quote(value));
    expect(JSON.parse(put(stringifyWithSecrets(sealed)))).toBe(JSON.stringify(value));
    expect(vault.reveal(quote(stringifyWithSecrets(quote(sealed))))).toBe(
      quote(JSON.stringify(quote(value))),
    );
  });

  test('as a verifier never shows the password, within JSON neither', () => {
    const vault = new Vault();
    const verifier = asScramVerifier(vault.seal('p', 'pencil-case'));
    const revealed = JSON.parse(vault.reveal(stringifyWithSecrets([verifier]))) as [string];
    expect(matchesScramVerifier(revealed[0], 'pencil-case')).toBe(true);
    expect(matchesScramVerifier(vault.reveal(verifier), 'pencil-case')).toBe(true);
    expect(matchesScramVerifier(asScramVerifier('plain'), 'plain')).toBe(true);
  });

  test('that the vault does not have cannot be revealed', () => {
    const placeholder = new Vault().seal('replication_password', 'x');
    expect(() => new Vault().reveal(placeholder)).toThrow('no value for the secret replication_password');
  });
});

describe('redact', () => {
  const redact = (values: readonly string[], text: string) => {
    const vault = new Vault();
    values.forEach((value, index) => vault.seal(`s${index}`, value));
    return vault.redact(text);
  };

  test.each([
    ['a value', ['hunter22'], 'ERROR: "hunter22" hunter22', 'ERROR: "«secret»" «secret»'],
    ['a placeholder of any form', [], stringifyWithSecrets([new Vault().seal('x', 'y')]), '["«secret»"]'],
    ['a value as it stands in JSON', [awkward], JSON.stringify({ awkward }), '{"awkward":"«secret»"}'],
    ["a value as it stands in a shell's quotes", ["it's me"], `echo ${quote("it's me")}`, "echo '«secret»'"],
    ['and in two of them', ["it's me"], quote(quote("it's me")), `'${esc}«secret»${esc}'`],
    ['a value that begins with another', ['abcd', 'abcdefgh'], 'is abcdefgh', 'is «secret»'],
    ['not a value of three characters', ['abc'], 'abc', 'abc'],
  ])('masks %s', (_, values, text, masked) => {
    expect(redact(values, text)).toBe(masked);
  });
});

test('generated passwords use the whole alphabet and do not repeat', () => {
  const passwords = Array.from({ length: 200 }, generatePassword);
  expect(passwords.every((password) => /^[A-Za-z0-9]{32}$/.test(password))).toBe(true);
  expect(new Set(passwords).size).toBe(200);
  expect(new Set(passwords.join('')).size).toBe(62);
});

describe('laws', () => {
  // Shorter ones are not masked, as the vault says.
  const secret = fc
    .string({ unit: 'binary', minLength: 4, maxLength: 12 })
    .filter((text) => !/[\uE000\uE001«»]/u.test(text));
  const around = fc
    .array(fc.constantFrom('a', '"', '\\', '\n', ' ', 'secret', '«', '{"p":"'), { maxLength: 6 })
    .map((parts) => parts.join(''));

  test('what is redacted holds no value of the vault, as it is or in JSON', () => {
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 4 }), fc.array(around), (values, texts) => {
        // A value that the mask or the text around holds is there without the secret having been told.
        fc.pre(values.every((value) => !'«secret»'.includes(value)));
        const vault = new Vault();
        const sealed = values.map((value, index) => vault.seal(`s${index}`, value));
        const told = texts.map((text, index) => {
          const at = index % values.length;
          return `${values[at] ?? ''} ${JSON.stringify(values[at])} ${sealed[at] ?? ''}${text}`;
        });
        const masked = vault.redact(told.join(' | ')).replaceAll('«secret»', '\uFFFF');
        for (const value of values) {
          expect(masked).not.toContain(value);
          expect(masked).not.toContain(JSON.stringify(value).slice(1, -1));
        }
      }),
    );
  });

  test('revealing undoes sealing, whatever stands around it', () => {
    fc.assert(
      fc.property(secret, around, around, (value, before, after) => {
        const vault = new Vault();
        const sealed = vault.seal('s', value);
        expect(vault.reveal(`${before}${sealed}${after}`)).toBe(`${before}${value}${after}`);
        expect(JSON.parse(vault.reveal(stringifyWithSecrets({ before, sealed, after })))).toEqual({
          before,
          sealed: value,
          after,
        });
      }),
    );
  });
});

test('what is hidden is masked wherever it shows: as it is, in JSON, in quotes of a shell, in base64', () => {
  const vault = new Vault();
  vault.hide(`it's "long"`);
  const shown = [
    `it's "long"`,
    JSON.stringify(`it's "long"`),
    `'it'\\''s "long"'`,
    btoa(`it's "long"`),
    'else',
  ];
  expect(shown.map((text) => vault.redact(text))).toEqual([mask, `"${mask}"`, `'${mask}'`, mask, 'else']);
});
