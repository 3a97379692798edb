import { quote, quoteAll } from './quote.ts';

/** A host's journal of what drover has changed; older lines are beside it, in `journal.1`. */
const journalFile = '/var/lib/drover/journal';

/** Bytes at which the journal becomes the former one: two files are kept, 10 MB together. */
const largestFile = 5 * 1024 * 1024;

/** A line is written between the host's own time and the end of its object: `"phase":"done","n":1`. */
export type LineText = string;

/** The line for a change that was made. */
export function doneText(n: number | '$1'): LineText {
  return `"phase":"done","n":${n}`;
}

/** The line for a change that failed. */
export function failedText(n: number | '$1', message: string): LineText {
  return `"phase":"failed","n":${n},"message":${JSON.stringify(message)}`;
}

/** A line whose variables the shell is to fill in. */
function filledIn(line: LineText): string {
  return `"${line.replaceAll('"', '\\"')}"`;
}

/**
 * The beginning of a piece that writes to the journal. It ends the piece if the journal cannot be written: no change
 * goes unrecorded. Defines `j LINE...`, which appends lines, and `r N STATUS`, which says how a change
 * ended. A line that a power cut has cut short does not take the next one along.
 */
export function openJournal(head: LineText, lines: readonly LineText[], file = journalFile): string {
  return `J=${quote(file)}; H=${quote(head)}
j() { t=$(date -u +%FT%T.%3NZ) && for l; do printf '{"v":1,"time":"%s",%s,%s}\\n' "$t" "$H" "$l" || return 1; done >>"$J"; }
r() { case $2 in 0) j ${filledIn(doneText('$1'))} ;; *) j ${filledIn(failedText('$1', 'it ended with $2'))} ;; esac; }
{ [ -d "\${J%/*}" ] || install -d -m 700 -- "\${J%/*}"; } &&
{ [ ! -f "$J" ] || [ ! -s "$J" ] || [ -z "$(tail -c 1 -- "$J")" ] || echo >>"$J"; } &&
{ [ "$(stat -c %s -- "$J" 2>/dev/null || echo 0)" -lt ${largestFile} ] || mv -f -- "$J" "$J.1"; } &&
{ [ -e "$J" ] || (umask 077; : >"$J"); } && [ -f "$J" ]${lines.length === 0 ? '' : ` &&\n${writeLines(lines)}`} ||
{ echo "the journal $J cannot be written" >&2; exit 1; }`;
}

/** Shell command that appends lines, after `openJournal`. */
export function writeLines(lines: readonly LineText[]): string {
  return `j ${quoteAll(lines)}`;
}

/**
 * Prints who holds the host's lock, on one line, and then the journal, oldest first: one run's, or all runs' without
 * the texts that differ. Whoever may not read it is told so on stderr.
 */
export function readJournal(run?: string, file = journalFile): string {
  // No text of a line can look like these: its quotation marks would be escaped.
  const filter =
    run === undefined
      ? `sed 's/,"diff":.*/}/'`
      : `grep -aF -e ${quote(`,"run":"${run}",`)} -e ${quote(`"resumes":"${run}"`)}`;
  return `d=${quote(file.replace(/\/[^/]*$/, ''))}; [ ! -d "$d" ] || [ -r "$d" ] || echo 'only root can read the journal' >&2
read -r p 2>/dev/null </run/drover/pid && [ "/proc/$p/fd/9" -ef /root ] && cat /run/drover/holder || echo
for f in ${quote(`${file}.1`)} ${quote(file)}; do [ ! -f "$f" ] || cat -- "$f"; done | ${filter}; :`;
}
