import { count } from '../core/count.ts';
import type { RunEvent, ShownChange } from '../engine/events.ts';
import { diffLines } from '../plan/diff-lines.ts';
import { listHosts } from './hosts-text.ts';
import type { Paint } from './style.ts';

export type PlanEvent = Extract<RunEvent, { type: 'plan' }>;

const marks: Readonly<Record<ShownChange['action'], '+' | '~' | '-' | '!' | '>'>> = {
  create: '+',
  install: '+',
  download: '+',
  start: '+',
  enable: '+',
  update: '~',
  set: '~',
  reload: '~',
  remove: '-',
  stop: '-',
  disable: '-',
  restart: '!',
  run: '>',
};

const colours = {
  '+': 'green',
  '~': 'yellow',
  '-': 'red',
  '!': 'magenta',
  '>': 'cyan',
  '?': 'blue',
  x: 'red',
} as const;

interface Line {
  readonly taskId: number;
  readonly mark: keyof typeof colours;
  readonly text: string;
  readonly details: readonly string[];
  readonly hosts: string[];
}

/** A plan as text: by play and task, each change once with the hosts it applies to. */
export function formatPlan(events: readonly PlanEvent[], paint: Paint, withDiff: boolean): string {
  const out: string[] = [];
  const plays = new Map<string, PlanEvent[]>();
  for (const event of events) {
    const own = plays.get(event.play);
    if (own) own.push(event);
    else plays.set(event.play, [event]);
  }
  for (const [play, own] of plays) {
    const lines = linesOf(own, withDiff);
    if (lines.length === 0) continue;
    out.push('', paint('bold', play));
    const width = Math.min(76, Math.max(...lines.map((line) => line.text.length)));
    for (const { mark, text, details, hosts } of lines) {
      out.push(`  ${paint(colours[mark], mark)} ${text.padEnd(width)}  ${paint('dim', listHosts(hosts))}`);
      details.forEach((detail) => out.push(`      ${colourDiff(detail, paint)}`));
    }
  }
  return out.join('\n');
}

/** "12 changes, 3 deferred" on how many hosts. */
export function summarise(events: readonly PlanEvent[]): string {
  if (events.some(({ status }) => status === 'failed')) return 'refused, nothing is changed';
  const changes = events.reduce((sum, event) => sum + event.changes.length, 0);
  const later = events.filter((event) => event.status === 'deferred' && !event.readOnly);
  const deferred = later.length;
  if (changes + deferred === 0) return 'nothing to change';
  const hosts = new Set(
    [...later, ...events.filter((event) => event.changes.length > 0)].map((event) => event.host),
  );
  const parts = [
    count(changes, 'change'),
    ...(deferred === 0 ? [] : [`${deferred} that can be known only after earlier ones`]),
  ];
  return `${parts.join(', ')}, on ${count(hosts.size, 'host')}`;
}

function linesOf(events: readonly PlanEvent[], withDiff: boolean): Line[] {
  const lines = new Map<string, Line>();
  for (const event of events) {
    const add = ({ host, taskId }: PlanEvent, key: string, line: Omit<Line, 'hosts' | 'taskId'>) => {
      const known = lines.get(`${taskId} ${key}`) ?? { ...line, taskId, hosts: [] };
      if (!known.hosts.includes(host)) known.hosts.push(host);
      lines.set(`${taskId} ${key}`, known);
    };
    for (const change of event.changes) {
      const text = describeChange(change);
      const details = withDiff ? diffLines(change) : [];
      add(event, `${text} ${details.join('\n')}`, { mark: marks[change.action], text, details });
    }
    // A deferred check changes nothing.
    if (event.status === 'deferred' && !event.readOnly) {
      const text = `${event.task}: later`;
      const details = [
        `aims at: ${event.aim ?? event.task}`,
        `because ${event.reason ?? 'earlier changes come first'}`,
      ];
      add(event, details.join(), { mark: '?', text, details });
    }
    if (event.status === 'failed') {
      const text = `${event.task}: ${event.reason ?? 'refused'}`;
      add(event, text, { mark: 'x', text, details: event.hint === undefined ? [] : [event.hint] });
    }
  }
  // By task rather than by host, so that differences between hosts show side by side.
  return [...lines.values()].sort((a, b) => a.taskId - b.taskId);
}

/** A change in one line: "restart haproxy.service (because …)". */
export function describeChange({ action, resource, detail, reason, disrupts }: ShownChange): string {
  return [
    `${action} ${resource}`,
    ...(detail === undefined ? [] : [`(${detail})`]),
    ...(reason === undefined ? [] : [`because ${reason}`]),
    ...(disrupts === undefined ? [] : [`[interrupts ${disrupts}]`]),
  ].join(' ');
}

export function colourDiff(line: string, paint: Paint): string {
  if (line.startsWith('+')) return paint('green', line);
  if (line.startsWith('-')) return paint('red', line);
  return line.startsWith('@@') ? paint('cyan', line) : line;
}
