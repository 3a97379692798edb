import type { VariableReader } from '../variable-reader.ts';

export interface EtcdSettings {
  readonly clientPort: number;
  /** Bytes at which etcd takes no more writes. */
  readonly quota: number;
}

export function readSettings(read: VariableReader): EtcdSettings {
  return { clientPort: read.number('etcd_client_port'), quota: read.number('etcd_quota_backend_bytes') };
}
