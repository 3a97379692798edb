import type { Algorithms } from 'ssh2';
import type { KnownHosts } from './known-hosts.ts';

type AlgorithmKind = 'kexalgorithms' | 'hostkeyalgorithms' | 'ciphers' | 'macs';

/** The algorithms that may be used; all that there are where that is not said. */
export type AllowedAlgorithms = Readonly<Record<AlgorithmKind, readonly string[] | undefined>>;

/** What drover can do, in the order of preference; `old` ones only where ssh's configuration asks for them. */
const abilities = {
  // Group exchange last: it costs 1.5 s of CPU per host, the others a few milliseconds.
  kexalgorithms: {
    usual: [
      'curve25519-sha256',
      'curve25519-sha256@libssh.org',
      'ecdh-sha2-nistp256',
      'ecdh-sha2-nistp384',
      'ecdh-sha2-nistp521',
      'diffie-hellman-group14-sha256',
      'diffie-hellman-group16-sha512',
      'diffie-hellman-group18-sha512',
      'diffie-hellman-group-exchange-sha256',
    ],
    old: ['diffie-hellman-group14-sha1', 'diffie-hellman-group-exchange-sha1', 'diffie-hellman-group1-sha1'],
  },
  hostkeyalgorithms: {
    usual: [
      'ssh-ed25519',
      'ecdsa-sha2-nistp256',
      'ecdsa-sha2-nistp384',
      'ecdsa-sha2-nistp521',
      'rsa-sha2-512',
      'rsa-sha2-256',
      'ssh-rsa',
    ],
    old: ['ssh-dss'],
  },
  ciphers: {
    usual: [
      'aes128-gcm@openssh.com',
      'aes256-gcm@openssh.com',
      'aes128-ctr',
      'aes192-ctr',
      'aes256-ctr',
      'chacha20-poly1305@openssh.com',
    ],
    old: ['aes256-cbc', 'aes192-cbc', 'aes128-cbc', '3des-cbc'],
  },
  macs: {
    usual: [
      'hmac-sha2-256-etm@openssh.com',
      'hmac-sha2-512-etm@openssh.com',
      'hmac-sha1-etm@openssh.com',
      'hmac-sha2-256',
      'hmac-sha2-512',
      'hmac-sha1',
    ],
    old: ['hmac-md5', 'hmac-sha1-96', 'hmac-md5-96'],
  },
} as const satisfies Record<AlgorithmKind, Record<'usual' | 'old', readonly string[]>>;

/** Those of a kind that drover can do and ssh may use. */
function usableAlgorithms(algorithms: AllowedAlgorithms, kind: AlgorithmKind): string[] {
  const { usual, old } = abilities[kind];
  const allowed = algorithms[kind];
  return allowed ? [...usual, ...old].filter((each) => allowed.includes(each)) : [...usual];
}

/** Whether there is none of a kind that both can. */
export function hasNoAlgorithm(allowed: AllowedAlgorithms): boolean {
  return Object.keys(abilities).some((kind) => usableAlgorithms(allowed, kind as AlgorithmKind).length === 0);
}

/** What a connection is negotiated with; the types of the keys on record come first. */
export function algorithmsFor(allowed: AllowedAlgorithms, knownAs: string, known: KnownHosts): Algorithms {
  const types = usableAlgorithms(allowed, 'hostkeyalgorithms');
  const first = known
    .typesOf(knownAs)
    .flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] : [type]))
    .filter((type) => types.includes(type));
  return {
    kex: usableAlgorithms(allowed, 'kexalgorithms'),
    serverHostKey: [...new Set([...first, ...types])],
    cipher: usableAlgorithms(allowed, 'ciphers'),
    hmac: usableAlgorithms(allowed, 'macs'),
  } as Algorithms;
}
