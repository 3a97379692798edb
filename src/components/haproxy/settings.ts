import { parseHaproxyTime } from '../../clients/haproxy.ts';
import type { VariableReader } from '../variable-reader.ts';

export interface HaproxySettings {
  readonly writePort: number;
  readonly readPort: number;
  readonly statsPort: number;
  /** Seconds until its checks have taken a server out, or in, at the longest. */
  readonly checks: { readonly out: number; readonly in: number };
  /** Where clients reach it. */
  readonly clientAddresses: readonly string[];
}

export function readSettings(read: VariableReader): HaproxySettings {
  const seconds = (name: string) => parseHaproxyTime(read.text(`haproxy_check_${name}`));
  const fast = seconds('fast_interval');
  return {
    writePort: read.number('haproxy_write_port'),
    readPort: read.number('haproxy_read_port'),
    statsPort: read.number('haproxy_stats_port'),
    checks: {
      out: seconds('interval') + (read.number('haproxy_check_fall') - 1) * fast,
      in: seconds('down_interval') + (read.number('haproxy_check_rise') - 1) * fast,
    },
    clientAddresses: read.hosts.map((host) => read.text('client_address', host)),
  };
}
