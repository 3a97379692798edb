import type { JournaledChange, JournalLine, RunRequest } from './journal-line.ts';

/** One host's journal, and the run that holds the host's lock now. */
export interface JournalContent {
  readonly host: string;
  readonly lines: readonly JournalLine[];
  readonly holder: string | undefined;
}

/** How a change ended; `doubt`: it was begun, and how far it got is not known. */
type ChangeState = 'done' | 'failed' | 'doubt' | 'running';

/** A change as the journal has it. */
export interface PastChange extends JournaledChange {
  readonly host: string;
  readonly time: string;
  readonly state: ChangeState;
  readonly message?: string;
}

type RunOutcome = 'done' | 'failed' | 'interrupted' | 'cut off' | 'running';

/** A run as the hosts' journals have it. */
export interface PastRun {
  readonly run: string;
  readonly began: string;
  readonly ended?: string;
  readonly who: string;
  readonly command: string;
  /** Undefined when the journal that had it was rotated away. */
  readonly request: RunRequest | undefined;
  /** Hosts that it began on, in the order of the inventory. */
  readonly hosts: readonly string[];
  /** Host by host, in the order in which they were made. */
  readonly changes: readonly PastChange[];
  readonly outcome: RunOutcome;
  readonly exitCode?: number;
  /** What went wrong. */
  readonly message?: string;
  /** The last run that went on with this one. */
  readonly resumedBy?: string;
}

interface HostLine {
  readonly host: string;
  readonly line: JournalLine;
}

/** All runs that the journals know, the newest first. */
export function runsOf(journals: readonly JournalContent[]): PastRun[] {
  const byRun = new Map<string, HostLine[]>();
  for (const { host, lines } of journals) {
    for (const line of lines) {
      const own = byRun.get(line.run);
      if (own) own.push({ host, line });
      else byRun.set(line.run, [{ host, line }]);
    }
  }
  const holders = new Set(journals.map(({ holder }) => holder));
  const runs = [...byRun].map(([run, lines]) => sumRun(run, lines, holders.has(run)));
  const resumed = runs.flatMap(({ run, request, began }) =>
    request?.resumes === undefined ? [] : [{ run, began, resumes: request.resumes }],
  );
  return runs
    .map((past) => {
      const by = resumed
        .filter(({ resumes }) => resumes === past.run)
        .sort(byBegin)
        .at(-1)?.run;
      return by === undefined ? past : { ...past, resumedBy: by };
    })
    .sort(byBegin)
    .reverse();
}

/** Those that stopped before their end, and that nobody went on with. */
export function isResumable({ outcome, request, resumedBy }: PastRun): boolean {
  return (
    outcome !== 'done' && outcome !== 'running' && request?.playbook !== undefined && resumedBy === undefined
  );
}

function byBegin(one: { readonly began: string }, other: { readonly began: string }): number {
  return one.began < other.began ? -1 : one.began > other.began ? 1 : 0;
}

function sumRun(run: string, lines: readonly HostLine[], holdsLock: boolean): PastRun {
  const times = lines.map(({ line }) => line.time).sort();
  const [first] = lines;
  const begin = lines.flatMap(({ line }) => (line.phase === 'begin' ? [line] : []))[0];
  const end = lines.flatMap(({ line }) => (line.phase === 'end' ? [line] : []))[0];
  const ended = end && times.at(-1);
  return {
    run,
    began: times[0] ?? '',
    ...(ended === undefined ? {} : { ended }),
    who: first?.line.who ?? '',
    command: first?.line.command ?? '',
    request: begin && requestOf(begin),
    hosts: [...new Set(lines.map(({ host }) => host))],
    changes: changesOf(lines, end === undefined && holdsLock),
    outcome: end ? outcomeOf(end.exitCode) : holdsLock ? 'running' : 'cut off',
    ...(end ? { exitCode: end.exitCode } : {}),
    ...(end?.message === undefined ? {} : { message: end.message }),
  };
}

function requestOf(begin: Extract<JournalLine, { phase: 'begin' }>): RunRequest {
  const { v: _v, time: _time, run: _run, who: _who, command: _command, phase: _phase, ...request } = begin;
  return request;
}

function outcomeOf(exitCode: number): RunOutcome {
  return exitCode === 0 ? 'done' : exitCode === 130 ? 'interrupted' : 'failed';
}

function changesOf(lines: readonly HostLine[], isRunning: boolean): PastChange[] {
  const changes = new Map<string, PastChange>();
  for (const { host, line } of lines) {
    if (!('n' in line)) continue;
    const key = `${host} ${line.n}`;
    const known = changes.get(key);
    if (line.phase === 'begun') {
      const { v: _v, run: _run, who: _who, command: _command, phase: _phase, ...change } = line;
      changes.set(key, { ...change, host, state: isRunning ? 'running' : 'doubt' });
    } else if (line.phase === 'withdrawn') changes.delete(key);
    else if (known) {
      const { message: _former, ...rest } = known;
      changes.set(
        key,
        line.phase === 'done'
          ? { ...rest, state: 'done' }
          : { ...rest, state: 'failed', message: line.message },
      );
    }
  }
  return [...changes.values()];
}
