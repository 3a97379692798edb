import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadRun, tagSelector } from '../../../src/actions/load.ts';
import type { VaultPassword } from '../../../src/config/vault.ts';
import { DroverError, messageOf, UnreachableError } from '../../../src/core/errors.ts';
import { Vault } from '../../../src/core/secrets.ts';
import { EventLine, type RunEvent } from '../../../src/engine/events.ts';
import { FactsCache } from '../../../src/engine/hosts/facts-cache.ts';
import type { Connection } from '../../../src/engine/hosts/host-run.ts';
import { Journal } from '../../../src/engine/journal/journal.ts';
import { RunContext } from '../../../src/engine/run-context.ts';
import type { RunOptions } from '../../../src/engine/run-options.ts';
import { Run } from '../../../src/engine/run.ts';
import type { Target } from '../../../src/transport/target.ts';
import type { Variable } from '../../../src/vars/scope.ts';
import { folderOf } from '../support.ts';

/** A host that is a shell on this machine; its name is in $HOST_NAME, and what it changes is in its own folder. */
function localHost(name: string, folder: string): Connection {
  return {
    hostKey: `${folder} ${name}`,
    // As root no sudo is asked for; the shell is whoever runs the tests.
    target: { name, address: '127.0.0.1', port: 22, user: 'root' } as Target,
    openStream: async (address, port) => {
      const socket = connect(port, address);
      await once(socket, 'connect');
      return socket;
    },
    openCommand: (command) => {
      const child = spawn('/bin/sh', ['-c', command], {
        env: { ...process.env, HOST_NAME: name },
        cwd: folder,
        // A process group of its own, which a test may kill.
        detached: true,
      });
      return Promise.resolve({
        stdin: child.stdin,
        stdout: child.stdout,
        stderr: child.stderr,
        onClose: (listener) =>
          void once(child, 'close').then(([status]) => listener((status as number | null) ?? undefined)),
        destroy: () => child.kill(),
      });
    },
  };
}

/** A playbook and the hosts it is for: shells on this machine. `{{dir}}` is the folder of the host at hand. */
export class LocalLab {
  readonly folder: string;
  readonly hosts: readonly string[];
  readonly secret = 'not for "anybody"';
  readonly #vars: string;

  constructor(hosts: readonly string[] = ['a'], vars = '{}') {
    this.hosts = hosts;
    this.folder = folderOf({});
    this.#vars = vars;
    for (const host of hosts) mkdirSync(join(this.folder, host));
  }

  /** One for all hosts, which are one machine. */
  get journal(): string {
    return join(this.folder, 'journal');
  }

  /** What a host has in a file; undefined when there is none. */
  read(host: string, name: string): string | undefined {
    try {
      return readFileSync(join(this.folder, host, name), 'utf8');
    } catch {
      return undefined;
    }
  }

  /** What a run of the plays is given. */
  options(plays: string, options: RunSettings = {}) {
    const files = folderOf({
      'p.yml': plays,
      'hosts.yml': `all: { hosts: { ${this.hosts.map((name) => `${name}: `).join(', ')} }, vars: ${this.#vars} }`,
    });
    const input = {
      inventory: [join(files, 'hosts.yml')],
      tags: options.tags ?? [],
      skipTags: [],
      extraVars: [
        JSON.stringify({
          base: this.folder,
          dir: `${this.folder}/{{inventory_hostname}}`,
          password: '',
          ...options.vars,
        }),
      ],
      limit: options.limit,
      vaultPasswords: options.vaultPasswords ?? [],
    };
    const loaded = loadRun(join(files, 'p.yml'), input, false);
    const vault = new Vault();
    const sealed = { value: vault.seal('password', this.secret) };
    loaded.keys.maskIn(vault);
    options.hidden?.forEach((text) => vault.hide(text));
    const events: RunEvent[] = [];
    const abort = new AbortController();
    const request = { verb: 'play', hosts: [...this.hosts] };
    const journal = new Journal({ run: 'test', command: 'test', request, vault, file: this.journal });
    const given: RunOptions = {
      id: 'test',
      ...(options.journal ? { journal } : {}),
      command: 'test',
      plays: loaded.plays,
      variables: { ...loaded.variables, extra: new Map([...loaded.variables.extra, ['password', sealed]]) },
      vault,
      keys: loaded.keys,
      secrets: new Map(),
      become: false,
      forks: options.forks ?? 5,
      skipUnreachable: false,
      lockTimeout: 1,
      cache: new FactsCache(join(this.folder, 'cache')),
      signal: abort.signal,
      emit: (event) => {
        EventLine.parse({ v: 2, run: 'test', time: '2026-01-01T00:00:00Z', ...event });
        events.push(event);
      },
      connect: (name) =>
        options.unreachable?.includes(name) === true
          ? Promise.reject(new UnreachableError(`${name} is away`))
          : Promise.resolve(localHost(name, join(this.folder, name))),
      selects: tagSelector(input),
      confirm: () => Promise.resolve(true),
    };
    return { given, events, abort, journal };
  }

  /** The same for one part of the engine: the hosts are connected, and nothing is done. */
  async context(plays: string, options: RunSettings = {}) {
    const { given, events, abort } = this.options(plays, options);
    const run = new RunContext(given);
    onTestFinished(() => run.fleet.close());
    await run.fleet.connect(this.hosts);
    return { run, events, abort };
  }

  /** Plans the plays, and applies them unless only the plan is wanted. */
  async run(plays: string, options: RunSettings = {}): Promise<Outcome> {
    const { given, events, abort, journal } = this.options(plays, options);
    const run = new Run(given);
    onTestFinished(() => run.close());
    let error: unknown;
    let planned: Awaited<ReturnType<Run['plan']>> | undefined;
    try {
      await run.connect();
      planned = options.isLocked
        ? run.show(await run.comeToRest(await run.collectAndPlan()))
        : await run.plan();
      if (options.heedless !== true) run.refuseFailures(planned);
      await options.beforeApply?.(abort);
      if (options.planOnly !== true) {
        if (planned.hasChanges || options.walkAnyway === true) await run.apply(planned);
        else run.accept(planned);
      }
    } catch (thrown) {
      if (!(thrown instanceof DroverError)) throw thrown;
      error = thrown;
    }
    const { hosts, exitCode } = run.recap(planned);
    const failure = error ?? run.errors[0];
    const message = failure === undefined ? undefined : messageOf(failure);
    const registered = Object.fromEntries(
      run.fleet.connected().map(({ name, registered: own }) => [name, valuesOf(own)]),
    );
    await journal.end(exitCode, message);
    await run.close();
    return new Outcome(events, hosts, exitCode, message, registered);
  }
}

function valuesOf(variables: ReadonlyMap<string, Variable>): Record<string, unknown> {
  return Object.fromEntries(
    [...variables].flatMap(([name, variable]) => ('value' in variable ? [[name, variable.value]] : [])),
  );
}

export interface RunSettings {
  readonly forks?: number;
  /** More extra variables. */
  readonly vars?: Readonly<Record<string, unknown>>;
  /** Go through the tasks though nothing is to be changed: they register their results. */
  readonly walkAnyway?: boolean;
  /** Begin though the plan says that a task will fail. */
  readonly heedless?: boolean;
  readonly planOnly?: boolean;
  /** Hosts that cannot be connected to. */
  readonly unreachable?: readonly string[];
  /** As under the lock: what is silent is waited for. */
  readonly isLocked?: boolean;
  readonly tags?: readonly string[];
  readonly limit?: string;
  readonly journal?: boolean;
  /** What ansible-vault had encrypted. */
  readonly hidden?: readonly string[];
  readonly vaultPasswords?: readonly VaultPassword[];
  readonly beforeApply?: (abort: AbortController) => Promise<void> | void;
}

/** What a run told. */
export class Outcome {
  readonly events: readonly RunEvent[];
  readonly recap: ReturnType<Run['recap']>['hosts'];
  readonly exitCode: number;
  readonly error: string | undefined;
  /** Results and facts that tasks have left, by host. */
  readonly registered: Readonly<Record<string, Readonly<Record<string, unknown>>>>;

  constructor(
    events: readonly RunEvent[],
    recap: Outcome['recap'],
    exitCode: number,
    error: string | undefined,
    registered: Outcome['registered'],
  ) {
    this.events = events;
    this.recap = recap;
    this.exitCode = exitCode;
    this.error = error;
    this.registered = registered;
  }

  of<T extends RunEvent['type']>(type: T): Extract<RunEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);
  }

  /** `host task: status`, as it became. */
  get tasks(): string[] {
    return this.of('task').map(({ host, task, status }) => `${host} ${task}: ${status}`);
  }

  /** The same, as it was planned. */
  get planned(): string[] {
    return this.of('plan').map(({ host, task, status }) => `${host} ${task}: ${status}`);
  }

  /** What was said by tasks. */
  get said(): string[] {
    return this.of('task').flatMap(({ host, message }) =>
      message === undefined ? [] : [`${host}: ${message}`],
    );
  }
}
