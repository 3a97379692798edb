import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

// PostgreSQL's own count (scram_iterations), and RFC 7677's least.
const iterations = 4096;

/**
 * PostgreSQL's form of a password (RFC 5803): it can be set without the password itself going into a statement.
 * Passwords are taken as they are; what SASLprep would change in them is not changed.
 */
export function makeScramVerifier(
  password: string,
  salt: Buffer = randomBytes(16),
  count = iterations,
): string {
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, count, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  const serverKey = hmac('Server Key').toString('base64');
  return `SCRAM-SHA-256$${count}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

/** Whether a verifier was made from this password; false for one in another form. */
export function matchesScramVerifier(verifier: string, password: string): boolean {
  const match = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(verifier);
  if (!match) return false;
  const [, count = '', salt = ''] = match;
  const expected = Buffer.from(makeScramVerifier(password, Buffer.from(salt, 'base64'), Number(count)));
  const found = Buffer.from(verifier);
  return expected.length === found.length && timingSafeEqual(expected, found);
}
