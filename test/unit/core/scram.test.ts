import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { makeScramVerifier, matchesScramVerifier } from '../../../src/core/scram.ts';

const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');

describe('a verifier', () => {
  // The exchange in section 3 of RFC 7677, of the password "pencil".
  test('accepts the proof and makes the signature of RFC 7677', () => {
    const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
    const message = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=${nonce}`;
    const [, storedKey = '', serverKey = ''] =
      /^SCRAM-SHA-256\$4096:W22ZaJ0SNY7soEsUEjb6gQ==\$(.{44}):(.{44})$/.exec(
        makeScramVerifier('pencil', salt),
      ) ?? [];
    const sign = (key: string) => createHmac('sha256', Buffer.from(key, 'base64')).update(message).digest();
    expect(sign(serverKey).toString('base64')).toBe('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
    const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64');
    const signature = sign(storedKey);
    const clientKey = proof.map((byte, index) => byte ^ (signature[index] ?? 0));
    expect(createHash('sha256').update(clientKey).digest('base64')).toBe(storedKey);
  });

  test('has a salt of its own', () => {
    expect(makeScramVerifier('x')).not.toBe(makeScramVerifier('x'));
  });
});

describe('matchesScramVerifier', () => {
  const verifier = makeScramVerifier('Ångström', salt, 5000);

  test('takes salt and count from the verifier', () => {
    expect(matchesScramVerifier(verifier, 'Ångström')).toBe(true);
    expect(matchesScramVerifier(verifier, 'angstrom')).toBe(false);
  });

  test('the same letters in another normal form are the same password', () => {
    expect(matchesScramVerifier(verifier, 'Ångström'.normalize('NFD'))).toBe(true);
  });

  test.each(['', 'md5a6343a68d964ca596d9752250d54bb8a', verifier.slice(0, -1), `${verifier}=`])(
    'false for %s',
    (other) => {
      expect(matchesScramVerifier(other, 'Ångström')).toBe(false);
    },
  );
});
