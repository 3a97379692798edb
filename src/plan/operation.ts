import type { HttpAnswer, HttpRequest } from '../clients/http.ts';
import type { SqlQuery } from '../clients/sql.ts';
import type { NewFile, NewFolder } from '../shell/files.ts';
import type { WatchedUnit } from '../shell/unit-watch.ts';

/** Shell script to run on the task's host. */
export interface RunOperation {
  readonly kind: 'run';
  /** Made when it is asked for, where many go out as one and theirs are not. */
  readonly script: string;
  /** Seconds after which what it started is killed. */
  readonly timeout?: number;
  /** Run as this user instead of root. */
  readonly user?: string;
  /** What the script does, if that is no more than to make this file, or folder: many of them go out as one. */
  readonly newFile?: NewFile;
  readonly newFolder?: NewFolder;
  /** A script that fails has changed nothing. */
  readonly allOrNothing?: true;
  /** It changes the path that it is about, makes folders above it, and nothing else. */
  readonly narrow?: true;
}

/** What an awaited answer means. */
export type Progress = 'done' | { readonly waiting: string } | { readonly failed: string };

/** An HTTP request made from a host; sent again until `progress` says done or failed, or the time is up. */
export interface HttpOperation {
  readonly kind: 'http';
  /** For messages: "promote node2". */
  readonly what: string;
  /** The host to send it from, where it is not the task's own. */
  readonly host?: string;
  readonly request: HttpRequest;
  progress(answer: HttpAnswer): Progress;
  /** Seconds until `progress` must have said done. */
  readonly within: number;
  /** What serves it: its log lines are shown meanwhile, and its end for good ends the wait. */
  readonly watch?: WatchedUnit;
  /** Seconds for one answer, where it comes only when the work is done. */
  readonly answerWithin?: number;
  /** A script for the same host that prints the cause, when it fails. */
  readonly cause?: string | undefined;
}

/** SQL statements to run one after the other. */
export interface SqlOperation {
  readonly kind: 'sql';
  readonly what: string;
  readonly host?: string;
  readonly queries: readonly SqlQuery[];
}

export type Operation = RunOperation | HttpOperation | SqlOperation;

export function run(
  script: string | (() => string),
  options: Omit<RunOperation, 'kind' | 'script'> = {},
): RunOperation {
  return {
    kind: 'run',
    get script() {
      return typeof script === 'string' ? script : script();
    },
    ...options,
  };
}
