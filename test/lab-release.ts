import { suites, defaultRelease } from '../src/lab/release.ts';
import type { DebianRelease } from '../src/components/component.ts';

/** The release of Debian on the hosts of tests: DROVER_RELEASE, or the lab's own default. */
export const labRelease: DebianRelease = read(process.env['DROVER_RELEASE']);

function read(release: string | undefined): DebianRelease {
  const found = (['12', '13'] as const).find((one) => one === release);
  if (found !== undefined) return found;
  if (release === undefined) return defaultRelease;
  throw new Error(`DROVER_RELEASE is ${release}, not ${Object.keys(suites).join(' or ')}`);
}
