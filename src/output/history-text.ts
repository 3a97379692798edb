import { showSeconds } from '../core/duration.ts';
import { isResumable, type PastChange, type PastRun } from '../engine/journal/history.ts';
import { colourDiff } from './plan-text.ts';
import type { Paint } from './style.ts';
import { formatTable } from './table.ts';
import { listHosts } from './hosts-text.ts';

const colours = {
  done: 'green',
  failed: 'red',
  interrupted: 'yellow',
  'cut off': 'red',
  running: 'cyan',
  doubt: 'yellow',
} as const;

/** Runs as text, one line each. */
export function formatRuns(runs: readonly PastRun[], paint: Paint): string {
  return formatTable(
    runs,
    [
      { title: 'run', text: ({ run }) => run },
      { title: 'began (UTC)', text: ({ began }) => showTime(began) },
      { title: 'outcome', text: showOutcome, colour: ({ outcome }) => colours[outcome] },
      { title: 'changes', text: ({ changes }) => countChanges(changes) },
      { title: 'hosts', text: ({ hosts }) => listHosts(hosts) },
      { title: 'who', text: ({ who }) => who },
      { title: 'command', text: ({ command }) => command },
    ],
    paint,
  );
}

/** One run as text: its command, and its changes host by host. */
export function formatRun(past: PastRun, paint: Paint): string {
  const { run, who, command, began, ended, changes, hosts, message, request } = past;
  const lasted =
    ended === undefined ? '' : `, ${showSeconds((Date.parse(ended) - Date.parse(began)) / 1000)}`;
  const out = [
    `${paint('bold', `run ${run}`)}  ${paint(colours[past.outcome], showOutcome(past))}`,
    `  ${command}`,
    `  ${who}, ${showTime(began)} UTC${lasted}`,
    ...(request?.resumes === undefined ? [] : [`  goes on with run ${request.resumes}`]),
    ...(message === undefined ? [] : message.split('\n').map((line) => `  ${paint('red', line)}`)),
  ];
  for (const host of hosts) {
    const own = changes.filter((change) => change.host === host);
    out.push('', paint('bold', host), ...(own.length === 0 ? ['  nothing was changed'] : []));
    for (const change of own) out.push(...formatChange(change, paint));
  }
  if (isResumable(past)) out.push('', `drover resume ${run} goes on with it`);
  return out.join('\n');
}

function formatChange(change: PastChange, paint: Paint): string[] {
  const { time, state, message, diff } = change;
  const word = { done: 'done', failed: 'failed', doubt: 'in doubt', running: 'under way' }[state];
  const head = `  ${paint('dim', time.slice(11, 19))}  ${paint(colours[state], word.padEnd(9))}  ${describePast(change)}`;
  return [
    head,
    ...(message === undefined ? [] : [`${' '.repeat(23)}${paint('red', message)}`]),
    ...(diff?.split('\n') ?? []).map((line) => `${' '.repeat(23)}${colourDiff(line, paint)}`),
  ];
}

/** A change from the journal in one line. */
export function describePast({ action, resource, detail, reason, task, item }: PastChange): string {
  return [
    `${action} ${resource}`,
    ...(detail === undefined ? [] : [`(${detail})`]),
    ...(reason === undefined ? [] : [`because ${reason}`]),
    `[${task}${item === undefined ? '' : `: ${item}`}]`,
  ].join(' ');
}

function showOutcome({ outcome, exitCode, resumedBy }: PastRun): string {
  const code = outcome === 'failed' && exitCode !== undefined ? ` (exit ${exitCode})` : '';
  return `${outcome}${code}${resumedBy === undefined ? '' : `, resumed by ${resumedBy}`}`;
}

function countChanges(changes: readonly PastChange[]): string {
  const count = (...states: PastChange['state'][]) =>
    changes.filter(({ state }) => states.includes(state)).length;
  const parts = [
    String(count('done')),
    ...(count('failed') === 0 ? [] : [`${count('failed')} failed`]),
    ...(count('doubt') === 0 ? [] : [`${count('doubt')} in doubt`]),
    ...(count('running') === 0 ? [] : [`${count('running')} under way`]),
  ];
  return parts.join(', ');
}

function showTime(time: string): string {
  return time.slice(0, 19).replace('T', ' ');
}
