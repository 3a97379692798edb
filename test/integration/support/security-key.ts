/** A key of a security key's, as ssh-keygen writes it: what can't be made without the device. */
export function securityKey(): string {
  const word = (content: string | Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    return Buffer.concat([length, Buffer.from(content)]);
  };
  const type = word('sk-ssh-ed25519@openssh.com');
  const identity = Buffer.concat([type, word(Buffer.alloc(32, 7)), word('ssh:')]);
  const secret = Buffer.concat([
    Buffer.alloc(8),
    identity,
    Buffer.from([1]),
    word('handle'),
    word(''),
    word('op'),
  ]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (secret.length % 8)) % 8));
  const content = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...['none', 'none', ''].map(word),
    Buffer.from([0, 0, 0, 1]),
    word(identity),
    word(Buffer.concat([secret, padding])),
  ]);
  const lines = content.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join(
    '\n',
  );
}
