/** What a command's result is registered as. */
export function commandResult({
  status,
  stdout,
  stderr,
}: {
  status: number;
  stdout: string;
  stderr: string;
}) {
  const [out, err] = [stdout, stderr].map((text) => text.replace(/\n+$/, ''));
  const lines = (text: string | undefined) => (text === undefined || text === '' ? [] : text.split('\n'));
  return {
    rc: status,
    stdout: out ?? '',
    stderr: err ?? '',
    stdout_lines: lines(out),
    stderr_lines: lines(err),
  };
}

/** The last lines of what a step said, on one line. */
export function firstLines(text: string): string {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.slice(-4).join('; ').slice(-600) || 'it said nothing';
}
