import { suites } from '../src/lab/release.ts';
import type { DebianRelease } from '../src/components/component.ts';

/** The release of Debian on the hosts of tests: DROVER_RELEASE, or 12. */
export const labRelease: DebianRelease = read(process.env['DROVER_RELEASE']);

/** Series of what that release of Debian comes with; the next one of etcd is beyond it. */
export const series = {
  12: { postgres: '15', patroni: '3.0', etcd: '3.4', nextEtcd: '3.5', haproxy: '2.6' },
  13: { postgres: '17', patroni: '4.0', etcd: '3.5', nextEtcd: '3.6', haproxy: '3.0' },
}[labRelease];

function read(release: string | undefined): DebianRelease {
  const found = (['12', '13'] as const).find((one) => one === release);
  if (found !== undefined) return found;
  if (release === undefined) return '12';
  throw new Error(`DROVER_RELEASE is ${release}, not ${Object.keys(suites).join(' or ')}`);
}
