import { createHash } from 'node:crypto';
import { quote } from '../../shell/quote.ts';

const packagePrefix = 'package:';

export function isPackageInput(input: string): boolean {
  return input.startsWith(packagePrefix);
}

export function packageOf(input: string): string {
  return input.slice(packagePrefix.length);
}

/** Packages are told by when they were unpacked: only files are compared by what they hold. */
export function filesOf(inputs: readonly string[]): string[] {
  return inputs.filter((input) => !isPackageInput(input));
}

/** One digest of all files, as `inputsDigestScript` computes it on the host. A missing one counts as `-`. */
export function inputsDigest(
  files: readonly string[],
  valueOf: (file: string) => string | undefined,
): string {
  const lines = files.map((file) => `${file} ${valueOf(file) ?? '-'}\n`);
  return createHash('sha256').update(lines.join('')).digest('hex');
}

/** Shell command that prints the digest of the files as they are now. */
export function inputsDigestScript(files: readonly string[]): string {
  const lines = files.map(
    (file) =>
      `v=$([ -f ${quote(file)} ] && sha256sum < ${quote(file)} 2>/dev/null) || v=-; v=\${v%% *}; printf '%s %s\\n' ${quote(file)} "$v"`,
  );
  return `{ ${[...lines, ':'].join('; ')}; } | sha256sum | cut -d' ' -f1`;
}
