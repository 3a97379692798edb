import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import type { TestLab } from './harness.ts';

/** A package of the repository: an installed one under another version. */
interface Repacked {
  readonly name: string;
  readonly version: string;
  /** A program to be replaced by one that says this and ends with 1. */
  readonly broken?: { readonly program: string; readonly says: string };
}

/** A package source of the test's own, from which the hosts of a lab are upgraded. */
export class AptRepository {
  readonly #lab: TestLab;
  readonly #folder = mkdtempSync(join(tmpdir(), 'drover-apt-'));
  readonly #server: Server;
  /** Names of archives that were asked for, in order. */
  readonly fetched: string[] = [];
  readonly #entries = new Map<string, string>();

  constructor(lab: TestLab) {
    this.#lab = lab;
    this.#server = createServer((request, response) => {
      const name = basename(decodeURIComponent(request.url ?? ''));
      const path = join(this.#folder, name);
      try {
        response.writeHead(200, { 'Content-Length': statSync(path).size });
      } catch {
        response.writeHead(404).end();
        return;
      }
      if (name.endsWith('.deb')) this.fetched.push(name);
      createReadStream(path).pipe(response);
    });
  }

  /** Listens, and adds itself to the sources of hosts. */
  async open(hosts: readonly string[]): Promise<void> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '0.0.0.0', resolve));
    const { port } = this.#server.address() as AddressInfo;
    this.#publish();
    await Promise.all(
      hosts.map((host) =>
        this.#lab.on(
          host,
          `gateway=$(ip route show default | cut -d' ' -f3)
echo "deb [trusted=yes] http://$gateway:${port} ./" > /etc/apt/sources.list.d/upgrade.list`,
        ),
      ),
    );
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Takes packages in, made of those in a host's cache. */
  async add(host: string, packages: readonly Repacked[]): Promise<void> {
    for (const one of packages) await this.#repack(host, one);
    this.#publish();
  }

  /** Takes a version out again. */
  remove({ name, version }: Repacked): void {
    this.#entries.delete(`${name} ${version}`);
    this.#publish();
  }

  async #repack(host: string, { name, version, broken }: Repacked): Promise<void> {
    const [ssh = 'ssh', ...args] = this.#lab.lab.sshCommand(host, [
      `cat "$(ls /var/cache/apt/archives/${name}_*.deb | head -n 1)"`,
    ]);
    const { stdout } = await execa(ssh, args, { encoding: 'buffer' });
    const tree = join(this.#folder, `${name}.tree`);
    const original = join(this.#folder, `${name}.original`);
    writeFileSync(original, stdout);
    await execa('dpkg-deb', ['--raw-extract', original, tree]);
    const control = readFileSync(join(tree, 'DEBIAN/control'), 'utf8');
    const changed = control.replace(/^Version: .*$/m, `Version: ${version}`);
    writeFileSync(join(tree, 'DEBIAN/control'), changed);
    if (broken) {
      const program = join(tree, broken.program);
      rmSync(program);
      writeFileSync(program, `#!/bin/sh\necho '${broken.says}' >&2\nexit 1\n`, { mode: 0o755 });
    }
    const file = `${name}_${version}.deb`;
    const path = join(this.#folder, file);
    await execa('dpkg-deb', ['-Zgzip', '-z1', '--build', tree, path]);
    rmSync(tree, { recursive: true });
    rmSync(original);
    this.#entries.set(
      `${name} ${version}`,
      `${changed.trimEnd()}\nFilename: ./${file}\nSize: ${statSync(path).size}\nSHA256: ${digest(path)}\n`,
    );
  }

  #publish(): void {
    const packages = join(this.#folder, 'Packages');
    writeFileSync(packages, [...this.#entries.values()].join('\n'));
    writeFileSync(
      join(this.#folder, 'Release'),
      `Date: ${new Date().toUTCString()}\nSHA256:\n ${digest(packages)} ${statSync(packages).size} Packages\n`,
    );
  }
}

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
