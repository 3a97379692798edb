import type { VariableReader } from '../variable-reader.ts';

/** Seconds. The margin may be -1; the timeout is what it comes to. */
export interface WatchdogSettings {
  readonly mode: string;
  readonly margin: number;
  readonly timeout: number;
}

export function readSettings(read: VariableReader): WatchdogSettings {
  const margin = read.number('watchdog_safety_margin');
  return {
    mode: read.text('watchdog_mode'),
    margin,
    timeout: watchdogTimeout(read.number('patroni_ttl'), margin),
  };
}

/** Seconds after which a watchdog resets its host; -1 asks for half the time to live. */
export function watchdogTimeout(ttl: number, margin: number): number {
  return margin === -1 ? Math.floor(ttl / 2) : ttl - margin;
}
