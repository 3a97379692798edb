import { createPrivateKey, type KeyObject } from 'node:crypto';

/** A private key in a format that ssh2 reads; undefined if the passphrase is wrong or SSH has no such keys. */
export function fromPkcs8(content: Buffer, passphrase: string | undefined): Buffer | undefined {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: content, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    return undefined;
  }
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return Buffer.from(key.export({ type: 'pkcs1', format: 'pem' }));
    case 'ec':
      return Buffer.from(key.export({ type: 'sec1', format: 'pem' }));
    case 'ed25519':
      return ed25519(key);
    default:
      return undefined;
  }
}

/** OpenSSH's own format, the only one that ssh2 knows for these. */
function ed25519(key: KeyObject): Buffer {
  const { d = '', x = '' } = key.export({ format: 'jwk' });
  const [secret, open] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  const identity = Buffer.concat([word('ssh-ed25519'), word(open)]);
  // Before it comes a number twice, by which a wrong passphrase would be noticed.
  const inner = Buffer.concat([Buffer.alloc(8), identity, word(Buffer.concat([secret, open])), word('')]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (inner.length % 8)) % 8));
  const content = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...['none', 'none', ''].map(word),
    Buffer.from([0, 0, 0, 1]),
    word(identity),
    word(Buffer.concat([inner, padding])),
  ]);
  const name = 'OPENSSH PRIVATE KEY';
  const lines = content.toString('base64').match(/.{1,70}/g) ?? [];
  return Buffer.from([`-----BEGIN ${name}-----`, ...lines, `-----END ${name}-----`, ''].join('\n'));
}

/** A text with its length, as SSH writes it. */
function word(text: string | Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text as string)]);
}
