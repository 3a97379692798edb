import { parseHaproxyTime } from '../../clients/haproxy.ts';
import type { VariableReader } from '../variable-reader.ts';

export interface HaproxySettings {
  readonly writePort: number;
  readonly readPort: number;
  readonly statsPort: number;
  /** How it finds out who leads; seconds. */
  readonly checks: { readonly interval: number; readonly fall: number; readonly rise: number };
  /** Where clients reach it. */
  readonly clientAddresses: readonly string[];
}

export function readSettings(read: VariableReader): HaproxySettings {
  return {
    writePort: read.number('haproxy_write_port'),
    readPort: read.number('haproxy_read_port'),
    statsPort: read.number('haproxy_stats_port'),
    checks: {
      interval: parseHaproxyTime(read.text('haproxy_check_interval')),
      fall: read.number('haproxy_check_fall'),
      rise: read.number('haproxy_check_rise'),
    },
    clientAddresses: read.hosts.map((host) => read.text('client_address', host)),
  };
}
