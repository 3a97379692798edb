import { join } from 'node:path';
import type { Declaration } from '../config/declarations.ts';
import { shortPath } from '../config/files.ts';
import { beforeTheRun, scopeOf } from '../config/host-variables.ts';
import { stringifyYaml } from '../config/write-yaml.ts';
import { parseYaml } from '../config/yaml.ts';
import { valueProblem } from '../config/value-problem.ts';
import { slipOf, type Diagnostic } from '../core/diagnostics.ts';
import { InvalidInputError, LocalFileError } from '../core/errors.ts';
import { nodeAt, type Node } from '../core/node.ts';
import { formatPlace } from '../core/source.ts';
import { writePrivateFile } from '../core/private-file.ts';
import { generatePassword, type Vault } from '../core/secrets.ts';
import { isSystemError, whyNot } from '../core/system-error.ts';
import { readTrustedFile, UntrustedFileError } from '../core/trusted-file.ts';
import type { Fleet, HostNeed } from '../engine/hosts/fleet.ts';
import { needContent } from '../facts/content.ts';
import type { Variable } from '../vars/scope.ts';
import type { Value } from '../vars/value.ts';
import type { LoadedRun } from './load.ts';

/** Patroni's configuration in Debian's and Percona's packages: secrets are read back from it. */
const patroniConfigs = ['/etc/patroni/config.yml', '/etc/patroni/patroni.yml'];

/**
 * The run's secrets: from the inventory or from secrets.yml beside it; else read back from a host, or generated
 * if no host belongs to a cluster yet.
 */
export class SecretKeeper {
  /** Placeholders by variable name, filled in by `prepare`. */
  readonly layer = new Map<string, Variable>();
  readonly #loaded: LoadedRun;
  readonly #vault: Vault;
  readonly #planOnly: boolean;
  readonly #path: string;
  readonly #declared: readonly Declaration[];
  readonly #stored: ReadonlyMap<string, string>;
  readonly #fresh = new Map<string, string>();

  constructor(loaded: LoadedRun, vault: Vault, planOnly: boolean) {
    this.#loaded = loaded;
    this.#vault = vault;
    this.#planOnly = planOnly;
    this.#path = join(loaded.inventory.folder, 'secrets.yml');
    this.#declared = [...loaded.declarations.variables.values()].filter(({ type }) => type === 'secret');
    this.#stored = readSecrets(this.#path, this.#declared);
    for (const [name, value] of [...this.#stored, ...this.#given()]) this.#seal(name, value);
  }

  /** Facts to collect from the hosts: their Patroni configurations hold the passwords in use. */
  needs(): HostNeed[] {
    if (this.#declared.length === 0) return [];
    return this.#databaseHosts().flatMap((host) =>
      patroniConfigs.map((path) => ({ host, need: needContent(path) })),
    );
  }

  /** Finds or generates missing secrets. A value found on a host wins. */
  async prepare(fleet: Fleet): Promise<void> {
    const missing = this.#declared.filter(({ name }) => !this.layer.has(name));
    if (missing.length === 0) return;
    const hosts = this.#databaseHosts().filter((host) => fleet.has(host));
    await Promise.all(
      hosts.map((host) =>
        fleet.collect(
          fleet.get(host),
          this.needs()
            .filter((item) => item.host === host)
            .map(({ need }) => need),
          true,
        ),
      ),
    );
    const configs = this.#configs(fleet);
    const problems: Diagnostic[] = [];
    for (const { name, recover, lost } of missing) {
      const found = configs
        .map(({ root }) => (recover === undefined ? undefined : textAt(root, recover)))
        .find((value) => value !== undefined);
      if (found === undefined && configs.length > 0 && lost === 'refuse') {
        problems.push({
          message: `${shortPath(this.#path)} lacks ${name}, and ${configs[0]?.host ?? 'a host'} already has a cluster`,
          hint: `put the password that is in use there: ${name}: …`,
        });
        continue;
      }
      const value = found ?? generatePassword();
      this.#fresh.set(name, value);
      this.#seal(name, value);
    }
    if (problems.length > 0) throw new InvalidInputError(problems);
  }

  /** Refuses values that differ from those in use on a host: changing a password is a verb of its own. */
  inspect(fleet: Fleet): void {
    const problems: Diagnostic[] = [];
    for (const { host, root } of this.#configs(fleet)) {
      for (const { name, recover } of this.#declared) {
        const inForce = recover === undefined ? undefined : textAt(root, recover);
        if (inForce === undefined || inForce === this.#vault.value(name)) continue;
        problems.push({
          message: `${name} is not the password that ${host} uses`,
          hint: `restore ${shortPath(this.#path)}, or remove the line to have it read back from the host`,
        });
      }
    }
    if (problems.length > 0) throw new InvalidInputError(problems);
  }

  /** Stores generated and recovered secrets, before any host is changed. */
  keep(): void {
    if (this.#planOnly || this.#fresh.size === 0) return;
    const all = Object.fromEntries([...this.#stored, ...this.#fresh]);
    const text = `# Passwords of this cluster. Keep it out of version control.\n${stringifyYaml(all)}`;
    try {
      writePrivateFile(this.#path, text);
    } catch (error) {
      throw new LocalFileError(`${shortPath(this.#path)} cannot be written: ${whyNot(error)}`, {
        hint: 'nothing was changed on any host',
      });
    }
  }

  /** Secrets set in the inventory itself. */
  #given(): [string, string][] {
    const { variables, inventory } = this.#loaded;
    const [host] = inventory.hosts.keys();
    if (host === undefined) return [];
    const [databaseHost = host] = this.#databaseHosts();
    const scope = scopeOf(variables, databaseHost, () => beforeTheRun('facts are not collected yet'));
    return this.#declared.flatMap((declaration): [string, string][] => {
      const { name } = declaration;
      const value = scope.get(name);
      if (value === undefined) return [];
      const given = scope.raw(name);
      refuseBad(declaration, value, given && 'node' in given ? given.node : undefined);
      return typeof value === 'string' ? [[name, value]] : [];
    });
  }

  #seal(name: string, value: string): void {
    this.layer.set(name, { value: this.#vault.seal(name, value) });
  }

  #databaseHosts(): string[] {
    return this.#loaded.inventory.groups.has('postgres') ? this.#loaded.inventory.hostsOf('postgres') : [];
  }

  #configs(fleet: Fleet): { host: string; root: Node }[] {
    return this.#databaseHosts()
      .filter((host) => fleet.has(host))
      .flatMap((host) =>
        patroniConfigs.flatMap((path) => {
          const need = needContent(path);
          const text = need.parse(fleet.get(host).world.records(need) ?? []);
          const root = text === undefined ? undefined : parseYaml({ path: `${host}:${path}`, text }).root;
          return root ? [{ host, root }] : [];
        }),
      );
  }
}

function textAt(root: Node, path: string): string | undefined {
  const node = nodeAt(root, path.split('.'));
  return node !== root && node.kind === 'scalar' && node.value !== null ? node.text : undefined;
}

/** The place is told, and not shown: the line has the secret in it. */
function refuseBad(declaration: Declaration, value: Value, node: Node | undefined): void {
  const problem = valueProblem(declaration, value);
  if (!problem) return;
  const place = node ? `${formatPlace(node.range)}  ` : '';
  throw new InvalidInputError([{ message: `${place}${declaration.name} ${problem.message}` }]);
}

function readIfThere(path: string): string {
  try {
    return readTrustedFile(path, 0o077).toString();
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return '';
    const hint = error instanceof UntrustedFileError ? { hint: error.hint } : {};
    throw new InvalidInputError([{ message: `${shortPath(path)}: ${whyNot(error)}`, ...hint }]);
  }
}

/** The secrets in a file; a name that is a slip of a declared one is refused: another password would be made up. */
function readSecrets(path: string, declared: readonly Declaration[]): Map<string, string> {
  const file = { path: shortPath(path), text: readIfThere(path) };
  const { root, diagnostics } = parseYaml(file);
  if (diagnostics.length > 0)
    throw new InvalidInputError(diagnostics.map(({ message }) => ({ message: `${file.path}: ${message}` })));
  if (!root) return new Map();
  if (root.kind !== 'map' || root.entries.some(({ value }) => value.kind !== 'scalar')) {
    throw new InvalidInputError([{ message: `${file.path} must be a flat map of names and passwords` }]);
  }
  const names = declared.map(({ name }) => name);
  return new Map(
    root.entries.map(({ key, keyRange, value }) => {
      const meant = names.includes(key) ? undefined : slipOf(key, names);
      if (meant !== undefined) {
        const message = `${formatPlace(keyRange)}  unknown secret "${key}"`;
        throw new InvalidInputError([{ message, hint: `did you mean "${meant}"?` }]);
      }
      const text = value.kind === 'scalar' ? value.text : '';
      const declaration = declared.find(({ name }) => name === key);
      if (declaration) refuseBad(declaration, text, value);
      return [key, text];
    }),
  );
}
