import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** A user who owns nothing of what is installed. */
const nobody = 65534;

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder for one file of tests, with a space in its path, that everybody can read. */
export class Sandbox {
  readonly folder = mkdtempSync(join(tmpdir(), 'drover install-'));
  readonly home = join(this.folder, 'home');

  constructor() {
    chmodSync(this.folder, 0o755);
    this.run('mkdir', [this.home]);
    chownSync(this.home, nobody, nobody);
  }

  /** Packs dist/ and what belongs to it, as `npm run tarball` does after building. */
  pack(): string {
    this.npm('pack', '--pack-destination', this.folder);
    const tarball = readdirSync(this.folder).find((name) => name.endsWith('.tgz'));
    if (tarball === undefined) throw new Error('npm pack has made no tarball');
    return join(this.folder, tarball);
  }

  /** Runs npm with a cache of its own and without a network: nothing must be needed from a registry. */
  npm(...args: readonly string[]): string {
    const own = [
      '--offline',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      `--cache=${join(this.folder, 'cache')}`,
    ];
    return execFileSync('npm', [...own, ...args], { encoding: 'utf8' });
  }

  /** Runs a program to its end; it must succeed. */
  run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
    return execFileSync(program, args, { encoding: 'utf8', env: { ...process.env, ...env } });
  }

  /** Runs a program as somebody who can write nowhere but at home. */
  asNobody(program: string, args: readonly string[], folder = this.home): Ran {
    const env = { PATH: process.env['PATH'] ?? '', HOME: this.home, LC_ALL: 'C.UTF-8' };
    const identity = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
    return spawnSync(resolve(program), args, { cwd: folder, env, encoding: 'utf8', ...identity });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
