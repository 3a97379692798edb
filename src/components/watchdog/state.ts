import type { Ask } from '../ask.ts';

export interface WatchdogState {
  readonly reached: boolean;
  readonly container: boolean;
  /** A hardware or software watchdog, as the kernel shows it. */
  readonly watchdog: { readonly state: string; /** Seconds. */ readonly timeout: number } | undefined;
}

const script = `systemd-detect-virt -q -c 2>/dev/null && echo container || echo machine
for d in /sys/class/watchdog/*; do [ -r "$d/state" ] && echo "$(cat "$d/state") $(cat "$d/timeout")"; done; :`;

export async function lookAtWatchdog(
  { ask }: { readonly ask: Ask },
  { name }: { readonly name: string },
): Promise<WatchdogState> {
  const output = await ask.run(name, script);
  const [kind = '', ...watchdogs] = output.stdout.trim().split('\n');
  const all = watchdogs
    .map((line) => line.split(' '))
    .map(([state = '', timeout = '0']) => ({ state, timeout: Number(timeout) }));
  return {
    reached: output.status === 0,
    container: kind === 'container',
    watchdog: all.find((watchdog) => watchdog.state === 'active') ?? all[0],
  };
}
