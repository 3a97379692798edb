import { readDiskLimits, type DiskLimits } from '../disk.ts';
import type { VariableReader } from '../variable-reader.ts';

export interface EtcdSettings {
  readonly clientPort: number;
  /** Bytes at which etcd takes no more writes. */
  readonly quota: number;
  readonly dataDir: string;
  readonly disk: DiskLimits;
}

export function readSettings(read: VariableReader): EtcdSettings {
  return {
    clientPort: read.number('etcd_client_port'),
    quota: read.number('etcd_quota_backend_bytes'),
    dataDir: read.text('etcd_data_dir'),
    disk: readDiskLimits(read),
  };
}
