// Events and results as text, live lines and JSON. Nothing here decides, and only cli/ chooses among them.
import type { RunEvent } from '../engine/events.ts';

/** Reports the progress of a run. */
export interface Reporter {
  event(event: RunEvent): void;
  /** Resolves when everything has been written. */
  finish(): Promise<void>;
}

export interface ReporterOptions {
  readonly colour: boolean;
  /** 0 shows changes and failures, 1 also every task, 2 also every script sent to a host. */
  readonly verbosity: number;
  readonly diff: boolean;
  /** Writes text for people. */
  write(text: string): void;
}
