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
