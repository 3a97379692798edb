import { readFileSync } from 'node:fs';
import ssh2, { type AnyAuthMethod } from 'ssh2';
import type { Target } from './target.ts';

interface Identities {
  readonly methods: readonly AnyAuthMethod[];
  /** What each method was, and what was left out and why: the story of a refused login. */
  readonly tried: readonly string[];
}

/** The ways to log in to a target, keys first. There is no `none` among them: it costs a round trip. */
export function identitiesOf(target: Target): Identities {
  const methods: AnyAuthMethod[] = [];
  const tried: string[] = [];
  const { user: username, agent, password } = target;
  for (const path of target.identityFiles) {
    const key = readKey(path);
    if (key === undefined) continue;
    if (typeof key === 'string') {
      tried.push(`${path} (${key})`);
    } else {
      methods.push({ type: 'publickey', username, key });
      tried.push(path);
    }
  }
  if (agent !== undefined) {
    methods.push({ type: 'agent', username, agent });
    tried.push('the agent');
  }
  if (password !== undefined) {
    methods.push({ type: 'password', username, password });
    methods.push({
      type: 'keyboard-interactive',
      username,
      prompt: (_name, _instructions, _lang, prompts, finish) => finish(prompts.map(() => password)),
    });
    tried.push('the password');
  }
  return { methods, tried };
}

/** The key, or why it can't be used; undefined when there is no such file. */
function readKey(path: string): Buffer | string | undefined {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === 'ENOENT' ? undefined : `unreadable: ${code ?? 'error'}`;
  }
  const parsed = ssh2.utils.parseKey(content);
  if (!(parsed instanceof Error)) return content;
  if (/sk-(ssh|ecdsa)/.test(content.toString('latin1')) || /sk-/.test(parsed.message)) {
    return 'a security key (sk): not supported, use a plain key';
  }
  if (/encrypted/i.test(parsed.message)) return 'encrypted: load it with ssh-add';
  return `not a private key: ${parsed.message}`;
}
