import { createHash } from 'node:crypto';
import { quote } from '../../shell/quote.ts';

const packagePrefix = 'package:';

export function isPackageInput(input: string): boolean {
  return input.startsWith(packagePrefix);
}

export function packageOf(input: string): string {
  return input.slice(packagePrefix.length);
}

/** One digest of all inputs, as `inputsDigestScript` computes it on the host. A missing input counts as `-`. */
export function inputsDigest(
  inputs: readonly string[],
  valueOf: (input: string) => string | undefined,
): string {
  const lines = inputs.map((input) => `${input} ${valueOf(input) ?? '-'}\n`);
  return createHash('sha256').update(lines.join('')).digest('hex');
}

/** Shell command that prints the digest of the inputs as they are now. */
export function inputsDigestScript(inputs: readonly string[]): string {
  const lines = inputs.map((input) => {
    const value = isPackageInput(input)
      ? `v=$(dpkg-query -W -f='\${Version}' -- ${quote(packageOf(input))} 2>/dev/null) || v=-`
      : `v=$(sha256sum < ${quote(input)} 2>/dev/null) || v=-; v=\${v%% *}`;
    return `${value}; printf '%s %s\\n' ${quote(input)} "$v"`;
  });
  return `{ ${[...lines, ':'].join('; ')}; } | sha256sum | cut -d' ' -f1`;
}
