import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { matchesScramVerifier } from '../../src/core/scram.ts';
import { Vault } from '../../src/core/secrets.ts';
import {
  queueScript,
  parseQueueOutput,
  type QueueOutput,
  type Segment,
} from '../../src/engine/applying/queue-script.ts';
import { HostRun } from '../../src/engine/hosts/host-run.ts';
import type { Need } from '../../src/facts/need.ts';
import { Lab } from '../../src/lab/lab.ts';
import type { ModuleContext } from '../../src/modules/define-module.ts';
import { ConnectionPool } from '../../src/transport/pool.ts';
import { SshConfig } from '../../src/transport/ssh-config.ts';
import { resolveTarget } from '../../src/transport/target.ts';
import { labName } from '../lab-name.ts';
import { labRelease } from '../lab-release.ts';

const name = 'host1';

// What the system writes by itself, and this test's own notes.
// What drover keeps of files it replaces is no change of the host's.
const kept = '/var/lib/drover/former';
const ignored = ['/proc', '/sys', '/dev', '/tmp', '/var/log', '/var/tmp', '/var/lib/systemd/timers', kept];

/**
 * Puts a line for each path of the host into a file: type, owner, mode, and for all but folders size, time and
 * target of a link. Of /run only what drover and systemd's administrator keep there.
 */
const listing = (file: string) => `mkdir -p /tmp/contract; cd /tmp/contract
line='%y %m %U:%G %s %T@ %l\\t%p\\n'; folder='%y %m %U:%G\\t%p\\n'
{ find / -xdev \\( ${ignored.map((path) => `-path ${path}`).join(' -o ')} \\) -prune -o -path /var/lib/drover -o -type d -printf "$folder" -o -printf "$line"
find /run/drover /run/systemd/system -type d -printf "$folder" -o -printf "$line" 2>/dev/null; } | sort > ${file}`;

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
      const [host] = await this.#lab.up(source, { release: labRelease });
      const file = (part: string) => join(dirname(this.#lab.inventory), part);
      const target = await resolveTarget(
        name,
        {
          host: host?.address ?? '',
          user: 'root',
          ssh_private_key_file: file('key'),
          ssh_common_args: `-o UserKnownHostsFile=${file('known_hosts')}`,
        },
        { timeout: 10_000, acceptNewHostKeys: false },
        new SshConfig('none'),
      );
      this.#run = new HostRun(name, await this.#pool.connect(target), this.vault);
      await this.sh(`i=0; until systemctl is-system-running --wait | grep -q 'running\\|degraded'; do
[ $((i += 1)) -lt 100 ]; sleep 0.1; done
systemctl mask --quiet --now apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer systemd-tmpfiles-clean.timer`);
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
    const { status, stdout, stderr } = await this.#host.run(`set -eu\n${script}`, true, { timeout: 60_000 });
    if (status !== 0) throw new Error(`${script}\nended with ${status}: ${stderr}`);
    return stdout;
  }

  /** Notes every path of the host once a script is done, for `changedPaths`. */
  async notePaths(after = ':'): Promise<void> {
    await this.sh(`(\n${after}\n)\n${listing('before')}`);
  }

  /** Paths that are new, gone or not as they were noted. A folder in which a name came or went is not. */
  async changedPaths(): Promise<string[]> {
    const found = await this.sh(
      `${listing('now')}; comm -3 before now | sed 's/^\\t//' | cut -f2- | sort -u`,
    );
    return found.split('\n').filter((path) => path !== '');
  }

  get #host(): HostRun {
    if (!this.#run) throw new Error('the host is not up');
    return this.#run;
  }
}
