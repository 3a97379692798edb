import { messageOf, UnreachableError } from '../core/errors.ts';
import type { Identities } from './identity.ts';
import { fingerprint, keyType, type HostKeyVerdict } from './known-hosts.ts';
import type { Target } from './target.ts';

/** The server closed before the handshake: it has too many of them at once (MaxStartups). */
export class BusyServerError extends UnreachableError {}

/** The host does not let us in as this user. */
export class LoginRefusedError extends UnreachableError {
  /** Whether the password was among what it refused. */
  readonly sentPassword: boolean;

  constructor(message: string, sentPassword: boolean, details: { hint?: string; cause?: unknown } = {}) {
    super(message, details);
    this.sentPassword = sentPassword;
  }
}

/** What was known of a server when connecting failed. */
export interface Circumstances {
  readonly verdict: HostKeyVerdict | undefined;
  readonly hostKey: Buffer | undefined;
  /** Keys were exchanged: any later failure concerns the login. */
  readonly greeted: boolean;
  /** The server's first output, unchanged. */
  readonly said: string;
  readonly identities: Identities;
}

export function nothingToLogInWith({ name, user }: Target, { tried }: Identities): LoginRefusedError {
  const why = tried.length === 0 ? 'no key' : tried.join(', ');
  return new LoginRefusedError(`${name}: nothing to log in with as ${user} (${why})`, false, {
    hint: 'give a key (--private-key, ansible_ssh_private_key_file, ssh-agent) or a password (-k)',
  });
}

/** Why connecting failed, as far as known, and what to do about it. */
export function explain(target: Target, cause: unknown, seen: Circumstances): UnreachableError {
  const { name, address, port, user } = target;
  const { verdict, hostKey } = seen;
  const accepted = verdict === 'known' || (verdict === 'unknown' && target.hostKeyPolicy === 'accept-new');
  if (verdict !== undefined && !accepted)
    return hostKeyError(target, verdict, hostKey ? `${keyType(hostKey)} ${fingerprint(hostKey)}` : '');
  const { level } = cause as { level?: string };
  const isSsh = /^SSH-/m.test(seen.said);
  const hungUp = level === 'client-socket' || /^Connection lost/.test(messageOf(cause));
  if (!isSsh && !hungUp && seen.said !== '') {
    return new UnreachableError(`${name}: ${address}:${port} does not speak SSH${quoted(seen.said)}`, {
      hint: 'check ansible_host and ansible_port',
      cause,
    });
  }
  if (level === 'client-timeout') {
    return new UnreachableError(`${name}: no login within ${target.timeout / 1000} s`, {
      hint: 'is it overloaded? --timeout gives it longer',
      cause,
    });
  }
  if (seen.greeted) {
    const { tried, sentPassword } = seen.identities;
    // sshd's own words where it has any, such as too many failures.
    const said = level === 'client-authentication' ? '' : `: ${messageOf(cause)}`;
    const message = `${name}: login as ${user} refused${said} (tried ${tried.join(', ')})`;
    return new LoginRefusedError(message, sentPassword, {
      hint: `check with: ssh -p ${port} ${user}@${address}`,
      cause,
    });
  }
  if (seen.verdict === undefined && level !== 'handshake') {
    const words = isSsh ? '' : quoted(seen.said);
    const message = `${name}: ${address}:${port} closed the connection before the handshake${words}`;
    return new BusyServerError(message, {
      hint: 'is it an sshd, and do its MaxStartups and PerSourcePenalties allow for us?',
      cause,
    });
  }
  return new UnreachableError(`${name}: ${messageOf(cause)}`, { cause });
}

/** The first line of what a server said. */
function quoted(said: string): string {
  const [line = ''] = said.split(/\r?\n/);
  return line === '' ? '' : `: it says "${line.slice(0, 80).replace(/[^ -~]/g, '.')}"`;
}

/** The error for a host key that is not accepted. */
export function hostKeyError(
  { name, knownAs, knownHostsFiles }: Pick<Target, 'name' | 'knownAs' | 'knownHostsFiles'>,
  verdict: Exclude<HostKeyVerdict, 'known'>,
  key: string,
): UnreachableError {
  const place = `${name} (${knownAs})`;
  switch (verdict) {
    case 'changed':
      return new UnreachableError(`${place}: its host key has CHANGED; it now shows ${key}`, {
        hint: `someone may be listening in. If the host was reinstalled: ssh-keygen -f ${knownHostsFiles[0] ?? ''} -R '${knownAs}'`,
      });
    case 'revoked':
      return new UnreachableError(`${place}: its host key ${key} is revoked`);
    case 'unknown':
      return new UnreachableError(`${place}: its host key is not known: ${key}`, {
        hint: 'compare the fingerprint, then run once with --accept-new-host-keys',
      });
  }
}

export function commandRefused(name: string, why: string, cause?: unknown): UnreachableError {
  return new UnreachableError(`${name}: cannot start a command: ${why}`, {
    hint: 'its sshd may allow fewer sessions per connection than are open (MaxSessions)',
    cause,
  });
}

export function forwardingForbidden(name: string, cause?: unknown): UnreachableError {
  return new UnreachableError(`${name}: its sshd forbids TCP forwarding`, {
    hint: 'set AllowTcpForwarding yes (or local) in its sshd_config: etcd, Patroni and PostgreSQL are reached through it',
    cause,
  });
}

export function connectionLost(name: string, why: string, cause?: unknown): UnreachableError {
  return new UnreachableError(`${name}: the connection was lost: ${why}`, { cause, host: name });
}
