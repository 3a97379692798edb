// The table drover.write: what drover itself writes to see whether writes are taken, and kept. Runs are named by
// hexadecimal ids with a word before them, so they need no quoting.

/** Writes the n-th row of a run. No n is ever used twice: a write without an answer may have happened. */
export function insertRow(run: string, n: number): string {
  return `INSERT INTO drover.write (run, n) VALUES ('${run}', ${n})`;
}

/** The rows of a run that are there. */
export function selectRows(run: string): string {
  return `SELECT n FROM drover.write WHERE run = '${run}' ORDER BY n`;
}

/** Removes the rows of a run that is over, and what runs that were killed left behind. */
export function removeRows(run: string): string {
  return `DELETE FROM drover.write WHERE run = '${run}' OR written < now() - interval '1 day'`;
}
