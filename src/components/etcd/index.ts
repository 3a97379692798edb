import { defineComponent } from '../component.ts';
import { check } from './check.ts';
import { gate } from './gate.ts';
import { leaving } from './leave.ts';
import { probeEtcd } from './probe.ts';
import { readSettings } from './settings.ts';
import { lookAtMember } from './state.ts';
import { status } from './status.ts';

/** Holds Patroni's configuration and its leader key. */
export const etcd = defineComponent({
  name: 'etcd',
  title: 'etcd',
  group: 'etcd',
  unit: 'etcd',
  packages: () => ['etcd-server', 'etcd-client'],
  ports: [
    {
      variable: 'etcd_client_port',
      program: 'etcd',
      on: ['internal_address', '127.0.0.1'],
      from: 'Patroni',
    },
    {
      variable: 'etcd_peer_port',
      program: 'etcd',
      on: ['internal_address'],
      from: 'the other etcd members',
    },
  ],
  directories: ['etcd_data_dir'],
  required: true,
  settings: readSettings,
  check,
  look: lookAtMember,
  probes: probeEtcd,
  status,
  gate,
  leaving,
});
