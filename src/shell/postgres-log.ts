import { quote } from './quote.ts';

/**
 * Prints why PostgreSQL did not start or go on, in its own last words: those in its log, and those from before it has one,
 * which are in the journal of the unit that starts it.
 */
export function showCause(unit: string, dataDir: string): string {
  return `{ newest=$(ls -t ${quote(dataDir)}/log/*.log 2>/dev/null | head -n 1)
[ -z "$newest" ] || tail -n 40 "$newest"
journalctl -u ${quote(unit)} -n 60 --no-pager -q -o cat
} | grep -E 'FATAL|PANIC|could not' | tail -n 3`;
}
