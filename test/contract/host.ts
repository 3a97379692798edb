import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { matchesScramVerifier } from '../../src/core/scram.ts';
import { Vault } from '../../src/core/secrets.ts';
import {
  queueScript,
  parseQueueOutput,
  type QueueOutput,
  type Segment,
} from '../../src/engine/applying/queue-script.ts';
import type { HostRun } from '../../src/engine/hosts/host-run.ts';
import type { Need } from '../../src/facts/need.ts';
import { Lab } from '../../src/lab/lab.ts';
import type { ModuleContext } from '../../src/modules/define-module.ts';
import { ConnectionPool } from '../../src/transport/pool.ts';
import { differingPaths, listPaths } from '../host-paths.ts';
import { connectToLab, runOn } from '../lab-host.ts';
import { labName } from '../lab-name.ts';
import { labRelease } from '../lab-release.ts';

const name = 'host1';

/** One throw-away host, reached as in a run. */
export class ContractHost {
  readonly vault = new Vault();
  readonly context: ModuleContext = {
    digest: (text) => createHash('sha256').update(this.vault.reveal(text)).digest('hex'),
    encode: (text) => Buffer.from(this.vault.reveal(text)).toString('base64'),
    redact: (text) => this.vault.redact(text),
    matchesScram: (verifier, password) => matchesScramVerifier(verifier, this.vault.reveal(password)),
  };
  readonly #lab = new Lab(labName('ctr'));
  readonly #pool = new ConnectionPool(1);
  #run: HostRun | undefined;

  async up(): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'drover-contract-'));
    try {
      const source = join(folder, 'inventory.yml');
      writeFileSync(source, `all: { hosts: { ${name}: {} } }\n`);
      // Of a test run that ended without taking it down.
      await this.#lab.down();
      await this.#lab.up(source, { release: labRelease });
      this.#run = await connectToLab(this.#lab, name, this.#pool, this.vault);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  async down(): Promise<void> {
    await this.#run?.close();
    await this.#pool.close();
    await this.#lab.down();
  }

  /** The facts of these needs as they are now. */
  async collect(needs: readonly Need<unknown>[]) {
    const run = this.#host;
    run.world.clear();
    await run.collect(needs, true);
    return run.world.fork();
  }

  /** Sends segments as a run does: each guarded, and the needs collected again at the end. */
  async apply(segments: readonly Segment[], after: readonly Need<unknown>[]): Promise<QueueOutput> {
    const { nonce, stdout, stderr } = await this.#host.run(queueScript(segments, after), true, {
      timeout: 60_000,
    });
    return parseQueueOutput(nonce, segments.length, stdout, stderr);
  }

  /** Runs a script of the test's own, which must succeed; what it printed. */
  async sh(script: string): Promise<string> {
    return runOn(this.#host, script);
  }

  /** Notes every path of the host once a script is done, for `changedPaths`. */
  async notePaths(after = ':'): Promise<void> {
    await this.sh(`(\n${after}\n)\n${listPaths('before')}`);
  }

  /** Paths that are new, gone or not as they were noted. A folder in which a name came or went is not. */
  async changedPaths(): Promise<string[]> {
    const found = await this.sh(`${listPaths('now')}; ${differingPaths('before', 'now')}`);
    return found.split('\n').filter((path) => path !== '');
  }

  get #host(): HostRun {
    if (!this.#run) throw new Error('the host is not up');
    return this.#run;
  }
}
