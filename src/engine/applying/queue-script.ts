import { collectScript, guardScript } from '../../facts/collectors.ts';
import type { Need } from '../../facts/need.ts';
import { writeLines } from '../../shell/journal.ts';
import { quote } from '../../shell/quote.ts';
import type { ChangeOutput } from '../tasks/outcome.ts';
import { doneLine, withdrawnLine, type Intent } from '../journal/journal.ts';

/** Changes with the state they were planned from: those of one task, or of many that make new files. */
export interface Segment {
  /** Needs of every task since the former change. */
  readonly guard: readonly Need<unknown>[];
  /** What their facts must still be. */
  readonly digest: string;
  /** One script for each change; none where they go together. */
  readonly scripts: readonly string[];
  /** Makes so many changes, or none. Those of one task fail as that does, those of several are to go apart then. */
  readonly together?: { readonly changes: number; readonly script: string; readonly isOneTask: boolean };
  /** The journal's line before each change, where one is kept. */
  readonly intents?: readonly Intent[];
}

export interface QueueOutput {
  /** Outputs of the changes that ran, segment by segment. */
  readonly segments: readonly (readonly ChangeOutput[])[];
  /** The segment before which the host was found in another state than planned for. */
  readonly stoppedAt: number | undefined;
  /** The segment that could not go together. */
  readonly apart: number | undefined;
  /** Whether the script got to its end, with all changes or those before one that failed. */
  readonly isThrough: boolean;
  /** What was collected then; undefined when that is not all. */
  readonly collected: string | undefined;
}

/**
 * A script that carries out segments in order. Before each it collects what the segment was planned from and stops
 * if that differs; it also stops at the first change that fails. Whatever happened, it ends by collecting `after`.
 * `opening` makes the journal ready, for segments with intents.
 */
export function queueScript(
  segments: readonly Segment[],
  after: readonly Need<unknown>[],
  opening = '',
): string {
  const parts = segments.map((segment, index) => {
    const changes =
      segment.together === undefined ? oneByOne(segment, index) : allAtOnce(segment, segment.together, index);
    return `[ $go = 0 ] || case $(${guardScript(segment.guard)}) in ${quote(`${segment.digest}  -`)}) ;;
*) stop ${index} ;; esac
${changes.join('\n')}`;
  });
  return `${opening}
mark() { printf '\\n%s change %s %s\\n' "$N" "$1" "$2"; printf '\\n%s change\\n' "$N" >&2; [ "$2" = 0 ] || go=0; }
marks() { printf '\\n%s changes %s %s\\n' "$N" "$1" "$2"; printf '\\n%s change\\n' "$N" >&2; }
stop() { go=0; printf '\\n%s guard %s\\n' "$N" "$1"; }
apart() { go=0; printf '\\n%s apart %s\\n' "$N" "$1"; }
go=1
${parts.join('\n')}
printf '\\n%s after\\n' "$N"
${collectScript(after)}
printf '\\n%s collected\\n' "$N"`;
}

function oneByOne({ scripts, intents = [] }: Segment, index: number): string[] {
  return scripts.map((script, position) => {
    const intent = intents[position];
    const work = inShell(script);
    return intent
      ? `[ $go = 0 ] || { ${writeLines([intent.line])} && ${work}; s=$?; r ${intent.n} $s; mark ${index} $s; }`
      : `[ $go = 0 ] || { ${work}; mark ${index} $?; }`;
  });
}

function allAtOnce(
  { intents = [] }: Segment,
  { changes, script, isOneTask }: NonNullable<Segment['together']>,
  index: number,
): string[] {
  const write = (lines: readonly string[]) => (lines.length === 0 ? ':' : writeLines(lines));
  const begun = write(intents.map(({ line }) => line));
  const done = write(intents.map(doneLine));
  const [first] = intents;
  // A task of its own has failed with its first change, as the engine sees it.
  const not = write(intents.slice(isOneTask ? 1 : 0).map(withdrawnLine));
  const failed = isOneTask ? `${first ? `r ${first.n} $s; ` : ''}mark ${index} $s` : `apart ${index}`;
  return [
    // As it is: it is drover's own, and as a quoted text the shell would read all the files' contents twice.
    `[ $go = 0 ] || { ${begun} && ( set -e\n${script}\n) </dev/null; s=$?; [ $s = 0 ] && { ${done}; :; } || { ${not}; ${failed}; }; }`,
    `[ $go = 0 ] || marks ${index} ${changes}`,
  ];
}

function inShell(script: string): string {
  return `( set -e; eval ${quote(script)} ) </dev/null`;
}

/** Takes apart what such a script printed. */
export function parseQueueOutput(nonce: string, count: number, stdout: string, stderr: string): QueueOutput {
  const errors = stderr.split(`\n${nonce} change\n`);
  const segments: ChangeOutput[][] = Array.from({ length: count }, () => []);
  let stoppedAt: number | undefined;
  let apart: number | undefined;
  let rest = stdout;
  let ran = 0;
  const marker = new RegExp(`\\n${nonce} (changes?|guard|apart|after)(?: (\\d+))?(?: (\\d+))?\\n`);
  for (;;) {
    const match = marker.exec(rest);
    if (!match) return { segments, stoppedAt, apart, isThrough: false, collected: undefined };
    const before = rest.slice(0, match.index);
    rest = rest.slice(match.index + match[0].length);
    if (match[1] === 'after') {
      const end = rest.lastIndexOf(`\n${nonce} collected`);
      const collected = end < 0 ? undefined : rest.slice(0, end);
      return { segments, stoppedAt, apart, isThrough: true, collected };
    }
    if (match[1] === 'guard') stoppedAt = Number(match[2]);
    else if (match[1] === 'apart') apart = Number(match[2]);
    else {
      // What those say that went together is the first one's.
      const [others, status] = match[1] === 'changes' ? [Number(match[3]) - 1, 0] : [0, Number(match[3])];
      const silent = Array.from({ length: others }, () => ({ status, stdout: '', stderr: '' }));
      const first = { status, stdout: before, stderr: errors[ran++] ?? '' };
      segments[Number(match[2])]?.push(first, ...silent);
    }
  }
}
