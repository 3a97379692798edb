// The past of a member's data: which timelines it has been through, and where each began. Two members whose data parted
// differ in it, even when their timelines bear the same number. Pure, but for the script that reads it.
import * as z from 'zod';
import { quote } from '../../shell/quote.ts';
import { jsonOf, type HttpAnswer } from '../http.ts';

/** Where a timeline branched off another. */
interface Beginning {
  readonly timeline: number;
  readonly parent: number;
  /** In the WAL, in bytes. */
  readonly at: number;
}

/** Newest first. What was on record before a later timeline's file came may contradict that. */
export type History = readonly Beginning[];

/** What a member's data is. */
export interface Past {
  /** Of the cluster that its data was made as. */
  readonly system: string | undefined;
  readonly timeline: number | undefined;
  /** In the WAL, in bytes; of a replica how far it has received or replayed. */
  readonly position: number | undefined;
  readonly history: History | undefined;
}

/**
 * Prints what PostgreSQL keeps of its timelines, as lines of file, parent and place; also of a server that is stopped.
 * The folder is PostgreSQL's own to write: what is no file is not followed, and never waited for.
 */
export function historyScript(dataDir: string): string {
  return `cd ${quote(dataDir)}/pg_wal 2>/dev/null || exit 1
set -- $(ls | grep -x '[0-9A-F]\\{8\\}\\.history' | tail -n 32)
left=$#
for file; do
  left=$((left - 1)); lines=1; [ $left -gt 0 ] || lines=100
  dd "if=$file" iflag=nofollow,nonblock bs=65536 count=1 2>/dev/null |
    sed -n "s,^\\([0-9]*\\)[[:space:]][[:space:]]*\\([0-9A-F]*/[0-9A-F]*\\).*,$file \\1 \\2,p" | tail -n $lines
done`;
}

/** Reads what that prints. The last line of a file says where its timeline began, those before it where its ancestors did. */
export function parseHistory(stdout: string): History {
  const files = new Map<number, { parent: number; at: number }[]>();
  for (const line of stdout.split('\n')) {
    const [, file = '', parent, high = '', low = ''] =
      /^([0-9A-F]{8})\.history (\d+) ([0-9A-F]+)\/([0-9A-F]+)$/.exec(line) ?? [];
    if (parent === undefined) continue;
    const timeline = parseInt(file, 16);
    const at = parseInt(high, 16) * 2 ** 32 + parseInt(low, 16);
    files.set(timeline, [...(files.get(timeline) ?? []), { parent: Number(parent), at }]);
  }
  return [...files]
    .sort(([a], [b]) => b - a)
    .flatMap(([timeline, switches]) => beginningsOf(switches, timeline));
}

const Switches = z.array(z.tuple([z.number(), z.number()]).rest(z.unknown()));

/** What the DCS keeps of the cluster's past, as GET /history shows it. */
export function parseDcsHistory(answer: HttpAnswer): History | undefined {
  const parsed = answer.answered && answer.status === 200 ? Switches.safeParse(jsonOf(answer)) : undefined;
  if (!parsed?.success) return undefined;
  const switches = parsed.data.map(([parent, at]) => ({ parent, at }));
  // It has no name for the timeline that the last switch led to; PostgreSQL takes the next number.
  return beginningsOf(switches, (switches.at(-1)?.parent ?? 0) + 1);
}

/** Each switch led to the parent of the next, and the last to the timeline itself. */
function beginningsOf(
  switches: readonly { readonly parent: number; readonly at: number }[],
  timeline: number,
): Beginning[] {
  return switches
    .map(({ parent, at }, index) => ({ timeline: switches[index + 1]?.parent ?? timeline, parent, at }))
    .reverse();
}

/** How a member's data parted from what it is to follow, for people; undefined while it has not, as far as is known. */
export function riftBetween(member: Past, leader: Past): string | undefined {
  if (!member.history || !leader.history || isForeign(member, leader)) return undefined;
  const path = pathOf(leader);
  const own = member.history.filter(({ timeline }) => timeline <= (member.timeline ?? timeline));
  const conflict = own.find(({ timeline, parent, at }) => {
    const other = path.find((beginning) => beginning.timeline === timeline);
    return other !== undefined && (other.parent !== parent || other.at !== at);
  });
  const parts = conflict !== undefined || isBeside(member, leader, path);
  if (!parts) return undefined;
  // The timeline that differs, which need not be the last.
  const at = conflict?.timeline;
  return `${showPast(member, at)}, the ${leader.timeline === undefined ? 'cluster' : 'leader'} ${showPast({ ...leader, history: path }, at)}`;
}

/** Whether a member's data was made as another cluster. */
export function isForeign(member: Past, leader: Past): boolean {
  return member.system !== undefined && leader.system !== undefined && member.system !== leader.system;
}

/** Whether a member is on a timeline that the leader has never been on, or went on where the leader left it. */
function isBeside({ timeline, position }: Past, leader: Past, path: History): boolean {
  if (timeline === undefined || leader.timeline === undefined || timeline === leader.timeline) return false;
  const left = path.find(({ parent }) => parent === timeline);
  // What the leader's files do not reach back to is not known.
  if (!left) return timeline > (path.at(-1)?.parent ?? leader.timeline);
  return position !== undefined && position > left.at;
}

/** The beginnings of a member's own timeline and its ancestors; of one whose timeline is not known, all. */
function pathOf({ timeline, history = [] }: Past): History {
  if (timeline === undefined) return history;
  const path: Beginning[] = [];
  let next: number | undefined = timeline;
  while (next !== undefined) {
    const beginning: Beginning | undefined = history.find((each) => each.timeline === next);
    if (beginning) path.push(beginning);
    next = beginning && beginning.parent < beginning.timeline ? beginning.parent : undefined;
  }
  return path;
}

/** `timeline 3 from 0/7000148`: the member's own, or an earlier one. */
function showPast({ timeline, history = [] }: Past, of = timeline): string {
  // What a member made itself comes last: it is what its data has.
  const beginning = history.findLast((each) => each.timeline === of);
  return `timeline ${of ?? 'unknown'}${beginning ? ` from ${showLsn(beginning.at)}` : ''}`;
}

function showLsn(at: number): string {
  const half = (number: number) => number.toString(16).toUpperCase();
  return `${half(Math.floor(at / 2 ** 32))}/${half(at % 2 ** 32)}`;
}
