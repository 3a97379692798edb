import { UnreachableError } from '../core/errors.ts';
import { BusyServerError, hostKeyError, LoginRefusedError } from './login-errors.ts';
import type { Target } from './target.ts';

/** The last host key that `ssh -v` has shown: those of jump hosts come before it. */
export function shownKey(said: string): { type: string; fingerprint: string } | undefined {
  const shown = [...said.matchAll(/Server host (?:key|certificate): (\S+) (SHA256:[^\s,]+)/g)].at(-1);
  return shown && { type: shown[1] ?? '', fingerprint: shown[2] ?? '' };
}

/** Why `ssh -v` did not get in, in the words for it that drover has. */
export function explainSaid(target: Target, said: string): UnreachableError {
  const { name, address, port, timeout } = target;
  const { type = '', fingerprint = '' } = shownKey(said) ?? {};
  const find = (pattern: RegExp): string | undefined => pattern.exec(said)?.[1];
  const key = (knownAs: string) => [{ ...target, knownAs }, `${type} ${fingerprint}`] as const;

  const changed = find(/^Host key for (\S+) has changed/m);
  if (changed !== undefined) return hostKeyError(key(changed)[0], 'changed', key(changed)[1]);
  const unknown = find(/^No \S+ host key is known for (\S+)/m);
  if (unknown !== undefined) return hostKeyError(key(unknown)[0], 'unknown', key(unknown)[1]);
  const revoked = find(/host key for (\S+) (?:is|was|has been) (?:marked as )?revoked/i);
  if (revoked !== undefined) return hostKeyError(key(revoked)[0], 'revoked', key(revoked)[1]);

  const denied = /^(\S+)@(\S+): Permission denied \(([^)]*)\)/m.exec(said);
  if (denied) {
    const [, user = '', at = '', methods = ''] = denied;
    const where = at === address ? '' : `at ${at}, on the way: `;
    const offered = [...said.matchAll(/Offering public key: (\S+)/g)].map(([, path]) => path ?? '');
    const tried = offered.length === 0 ? 'nothing that it takes' : [...new Set(offered)].join(', ');
    return new LoginRefusedError(`${name}: ${where}login as ${user} refused (tried ${tried})`, false, {
      hint: `it takes ${methods}; the program ssh is given no password or passphrase: ssh-add loads a key. Check with: ssh -v -p ${port} ${user}@${address}`,
    });
  }
  const cannot = (reason: string) =>
    new UnreachableError(`${name}: cannot connect to ${address}:${port}: ${reason}`, {
      hint: 'check ansible_host and ansible_port, and that sshd runs there',
    });
  if (/^ssh: Could not resolve hostname/m.test(said)) return cannot('the name does not resolve');
  const refused = find(/^ssh: connect to host .* port \d+: (.*?)\r?$/m);
  if (refused !== undefined) {
    const isLate = /timed out/.test(refused);
    return cannot(isLate ? `no answer within ${timeout / 1000} s` : (reasons[refused] ?? refused));
  }
  if (fingerprint === '' && /^(kex_exchange_identification|Connection (closed|reset) by)/m.test(said)) {
    return new BusyServerError(`${name}: ${address}:${port} closed the connection before the handshake`, {
      hint: 'is it an sshd, and do its MaxStartups and PerSourcePenalties allow for us?',
    });
  }
  return new UnreachableError(`${name}: ssh: ${lastWords(said)}`);
}

/** The last that `ssh -v` said for people. */
export function lastWords(said: string): string {
  const words = said
    .split(/\r?\n/)
    .filter(
      (line) =>
        !/^(|debug\d.*|OpenSSH_.*|Authenticated to .*|channel \d+: .*|Transferred: .*|Bytes per .*)$/.test(
          line,
        ),
    );
  return words.slice(-2).join('; ') || 'it has ended';
}

const reasons: Readonly<Record<string, string>> = {
  'Connection refused': 'connection refused',
  'No route to host': 'no route to the host',
  'Network is unreachable': 'no route to the network',
};
