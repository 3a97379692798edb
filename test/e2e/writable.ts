import { execa } from 'execa';
import type { TestLab } from './harness.ts';

// Asks the server itself, over its socket, five times a second; a server that is away is asked again.
const question = `while :; do
  echo "SELECT 'at', extract(epoch FROM clock_timestamp()), pg_is_in_recovery() \\\\watch 0.2" |
    runuser -u postgres -- psql -AtqX -F ' ' 2>/dev/null
  sleep 0.2
done`;

/** Watches which members take writes, by their own word. One whose host is frozen says nothing. */
export class Sampler {
  readonly #running;
  /** By member, the tenths of a second in which it took writes. */
  readonly #tenths = new Map<string, Set<number>>();

  constructor(lab: TestLab, members: readonly string[]) {
    this.#running = members.map((member) => {
      const [ssh = 'ssh', ...args] = lab.lab.sshCommand(member, [question]);
      const running = execa(ssh, args, { reject: false, buffer: false });
      const tenths = new Set<number>();
      this.#tenths.set(member, tenths);
      let rest = '';
      running.stdout.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const [, seconds] = /^at ([\d.]+) f$/.exec(line) ?? [];
          if (seconds === undefined) continue;
          const tenth = Math.round(Number(seconds) * 10);
          // Each answer stands for the time until the next.
          for (const each of [tenth, tenth + 1]) tenths.add(each);
        }
      });
      return running;
    });
  }

  /** Ends it; resolves to the seconds in which more than one took writes. */
  async stop(): Promise<number> {
    for (const running of this.#running) running.kill();
    await Promise.all(this.#running);
    const counts = new Map<number, number>();
    for (const tenths of this.#tenths.values())
      for (const tenth of tenths) counts.set(tenth, (counts.get(tenth) ?? 0) + 1);
    return [...counts.values()].filter((count) => count > 1).length / 10;
  }
}
