import { defineComponent } from '../component.ts';
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
    { variable: 'etcd_client_port', from: 'Patroni' },
    { variable: 'etcd_peer_port', from: 'the other etcd members' },
  ],
  settings: readSettings,
  look: lookAtMember,
  probes: probeEtcd,
  status,
  gate,
  leaving,
});
