import ssh2, { type AnyAuthMethod, type KnownPublicKeys, type ParsedKey } from 'ssh2';
import { publicKeysOf, readKey, wireFormat } from './key-file.ts';
import type { Target } from './target.ts';

interface Identity {
  readonly method: AnyAuthMethod;
  /** As SSH calls it. */
  readonly protocolName: 'publickey' | 'password' | 'keyboard-interactive';
}

/** The ways to log in to a target, keys first. There is no `none` among them: it costs a round trip. */
export class Identities {
  readonly #stories: (() => string)[] = [];
  readonly #all: Identity[] = [];
  #left: Identity[];
  #last: Identity | undefined;
  #sentPassword = false;

  constructor(target: Target) {
    for (const method of target.methods) {
      if (method === 'publickey') this.#addKeys(target);
      else if (target.password !== undefined) this.#addPassword(method, target.user, target.password);
    }
    this.#left = [...this.#all];
  }

  /** What was tried or left out, and why, to explain a refused login. */
  get tried(): string[] {
    return this.#stories.map((story) => story());
  }

  get usable(): boolean {
    return this.#all.length > 0;
  }

  /** Whether the password was sent, so that the host's answer concerns it. */
  get sentPassword(): boolean {
    return this.#sentPassword;
  }

  /** Chooses the next method of those the host still accepts; `partial` means that the first of two factors was accepted. */
  next(accepted: readonly string[] | null, partial: boolean | null): AnyAuthMethod | false {
    // ssh2 does not pass on what the host answered to the agent's keys.
    const known = this.#last?.method.type === 'agent' ? null : accepted;
    if (partial) this.#left = this.#all.filter((identity) => identity !== this.#last);
    // Both methods use the same password: a wrong one must count only once.
    else if (this.#last?.protocolName === 'password' && accepted?.includes('password'))
      this.#left = this.#left.filter(({ protocolName }) => protocolName !== 'keyboard-interactive');
    const next = this.#left.find(({ protocolName }) => !known || known.includes(protocolName));
    this.#left = this.#left.filter((identity) => identity !== next);
    this.#last = next ?? this.#last;
    if (next && next.protocolName !== 'publickey') this.#sentPassword = true;
    return next?.method ?? false;
  }

  #addKeys({ user: username, agent, identityFiles, identitiesOnly }: Target): void {
    for (const path of identityFiles) this.#addKey(path, username);
    if (agent === undefined) return;
    const asked = new Agent(agent, identitiesOnly ? identityFiles : undefined);
    this.#stories.push(() => asked.story);
    this.#all.push({ method: { type: 'agent', username, agent: asked }, protocolName: 'publickey' });
  }

  #addKey(path: string, username: string): void {
    const key = readKey(path);
    if (typeof key === 'string') {
      this.#stories.push(() => `${path} (${key})`);
      return;
    }
    this.#stories.push(() => path);
    this.#all.push({ method: { type: 'publickey', username, key }, protocolName: 'publickey' });
  }

  #addPassword(protocolName: string, username: string, password: string): void {
    if (protocolName === 'password') {
      this.#all.push({ method: { type: 'password', username, password }, protocolName });
    } else if (protocolName === 'keyboard-interactive') {
      const method: AnyAuthMethod = {
        type: 'keyboard-interactive',
        username,
        prompt: (_name, _instructions, _lang, prompts, finish) => finish(prompts.map(() => password)),
      };
      this.#all.push({ method, protocolName });
    } else return;
    const story = 'the password';
    if (!this.tried.includes(story)) this.#stories.push(() => story);
  }
}

/** OpenSSH's agent. If it does not answer it has no keys; the login goes on. */
class Agent extends ssh2.OpenSSHAgent {
  readonly #path: string;
  readonly #only: readonly string[] | undefined;
  #problem = '';

  /** With `only`, it has no keys but those whose private or public half is in one of these files. */
  constructor(path: string, only?: readonly string[]) {
    super(path);
    this.#path = path;
    this.#only = only;
  }

  get story(): string {
    return `the agent at ${this.#path}${this.#problem}`;
  }

  override getIdentities(done: (error?: Error | null, keys?: KnownPublicKeys<ParsedKey>) => void): void {
    super.getIdentities((error, all = []) => {
      const wanted = this.#only?.flatMap(publicKeysOf);
      const keys = wanted ? all.filter((key) => wanted.includes(wireFormat(key))) : all;
      if (error) this.#problem = ' (which does not answer)';
      else if (keys.length === 0) this.#problem = ' (which has no usable key)';
      done(null, keys);
    });
  }
}
