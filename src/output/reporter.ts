import type { RunEvent } from '../engine/events.ts';

/** Shows a run as it goes. */
export interface Reporter {
  event(event: RunEvent): void;
  /** Resolves when everything is shown. */
  finish(): Promise<void>;
}

export interface ReporterOptions {
  readonly colour: boolean;
  /** 0 shows what changed and failed, 1 every task too, 2 every script that went to a host. */
  readonly verbosity: number;
  readonly diff: boolean;
  /** Where text for people goes. */
  write(text: string): void;
}
