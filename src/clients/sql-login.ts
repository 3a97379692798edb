/** What answers cannot show that it is the cluster's PostgreSQL. No password, and no statement, went to it. */
export class UnprovenServerError extends Error {}

/** protocol_violation (PostgreSQL's appendix A): the code of an answer that is no login by SCRAM. */
export const unprovenCode = '08P01';

const wayOut =
  'drover logs in with SCRAM-SHA-256 only, and the password was not sent: either something other than the cluster’s PostgreSQL listens there, or pg_hba.conf has another method than scram-sha-256 for this login';

// What a server asks for by each authentication message (PostgreSQL's "Message Formats"), in the words of pg_hba.conf.
const otherMethods: Readonly<Record<number, string>> = {
  0: 'asks for no password (trust, or peer)',
  2: 'asks for Kerberos',
  3: 'asks for the password in clear text (password, ldap, pam, radius or bsd)',
  5: 'asks for the password as MD5 (md5, with a role whose password is no SCRAM verifier)',
  7: 'asks for GSSAPI (gss)',
  9: 'asks for SSPI (sspi)',
};

// RFC 7677's least, and more than anybody's server has: the library computes them in one go.
const iterations = { least: 4096, most: 1_000_000 };

// No message before the login is done is longer.
const longestMessage = 32 * 1024;

/**
 * The server's side of a login, message by message, before the library sees it: the library would answer whatever a
 * server asks for, and take its last word on who it is as optional. SASL, challenge, signature and the welcome have to
 * come in this order; whether the signature is right is the library's to say.
 */
export class LoginGate {
  #held = Buffer.alloc(0);
  #next: 'sasl' | 'challenge' | 'signature' | 'welcome' | 'open' = 'sasl';

  /** The part of what has come that the library may read. Throws UnprovenServerError. */
  pass(chunk: Buffer): Buffer {
    if (this.#next === 'open') return chunk;
    this.#held = Buffer.concat([this.#held, chunk]);
    let end = 0;
    for (let size = this.#messageAt(0); size > 0; size = this.#messageAt(end)) {
      this.#judge(this.#held.subarray(end, end + size));
      end += size;
      if (this.#isOpen()) end = this.#held.length;
    }
    const passed = this.#held.subarray(0, end);
    this.#held = this.#held.subarray(end);
    return passed;
  }

  #isOpen(): boolean {
    return this.#next === 'open';
  }

  /** The size of the whole message at a place; 0 while it is not there. */
  #messageAt(start: number): number {
    const [type] = this.#held.subarray(start);
    if (type === undefined) return 0;
    // Authentication, error, notice: nothing else comes before the welcome.
    if (!'REN'.includes(String.fromCharCode(type))) throw noPostgres();
    if (this.#held.length < start + 5) return 0;
    const size = this.#held.readUInt32BE(start + 1) + 1;
    if (size < 5 || size > longestMessage) throw noPostgres();
    return this.#held.length < start + size ? 0 : size;
  }

  #judge(message: Buffer): void {
    if (message[0] !== 'R'.charCodeAt(0)) return;
    if (message.length < 9) throw noPostgres();
    const kind = message.readUInt32BE(5);
    const body = message.toString('latin1', 9);
    if (this.#next === 'sasl' && kind === 10) {
      if (!body.split('\0').includes('SCRAM-SHA-256')) throw unproven('does not offer SCRAM-SHA-256');
      this.#next = 'challenge';
    } else if (this.#next === 'challenge' && kind === 11) {
      checkChallenge(body);
      this.#next = 'signature';
    } else if (this.#next === 'signature' && kind === 12) this.#next = 'welcome';
    else if (this.#next === 'welcome' && kind === 0) this.#next = 'open';
    else if (this.#next === 'sasl') throw unproven(otherMethods[kind] ?? 'asks for another kind of login');
    else throw unproven('does not show that it knows the password');
  }
}

/** The library reads it without a look, and an error there ends the process. */
function checkChallenge(text: string): void {
  const [, count] = /^r=[\x21-\x2b\x2d-\x7e]+,s=[A-Za-z0-9+/]+=*,i=([1-9]\d{0,9})$/.exec(text) ?? [];
  if (count === undefined) throw unproven('asks by SCRAM for what is no SCRAM');
  if (Number(count) < iterations.least || Number(count) > iterations.most)
    throw unproven(
      `asks for a password hashed ${count} times, and ${iterations.least} to ${iterations.most} is fit`,
    );
}

/** The server's signature, which the library compares, is not that of one who knows the password. */
export function wrongSignature(): UnprovenServerError {
  return unproven('does not know the password');
}

function unproven(what: string): UnprovenServerError {
  return new UnprovenServerError(`the server ${what}; ${wayOut}`);
}

function noPostgres(): UnprovenServerError {
  return new UnprovenServerError('what listens there does not answer as PostgreSQL does');
}
