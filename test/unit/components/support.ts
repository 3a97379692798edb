import { Topology } from '../../../src/cluster/topology.ts';
import type { EtcdSettings } from '../../../src/components/etcd/settings.ts';
import type { HaproxySettings } from '../../../src/components/haproxy/settings.ts';
import type { PatroniSettings } from '../../../src/components/patroni/settings.ts';
import type { Placed } from '../../../src/components/place.ts';
import { components } from '../../../src/components/registry.ts';
import type { WatchdogSettings } from '../../../src/components/watchdog/settings.ts';

/** A topology of components as a test has them; the others have no hosts. */
export function topologyWith(
  cluster: string,
  placed: {
    readonly etcd: Placed<EtcdSettings>;
    readonly patroni: Placed<PatroniSettings>;
    readonly haproxy: Placed<HaproxySettings>;
    readonly watchdog: Placed<WatchdogSettings>;
  },
): Topology {
  const others = components.map(({ name }) => [name, { hosts: [], settings: undefined }] as const);
  return new Topology(cluster, new Map<string, Placed<unknown>>([...others, ...Object.entries(placed)]));
}

export const haproxySettings: HaproxySettings = {
  writePort: 5000,
  readPort: 5001,
  statsPort: 7000,
  checks: { out: 2.5, in: 0.5 },
  clientAddresses: ['10.0.0.9'],
};

export function patroniSettings(differs: Partial<PatroniSettings> = {}): PatroniSettings {
  return {
    restPort: 8008,
    postgresPort: 5432,
    dataDirOf: () => '/data',
    rest: { user: 'patroni', password: 'secret' },
    synchronous: false,
    dcs: {},
    parameters: {},
    noLoadBalance: new Set(),
    superuser: { user: 'postgres', password: 'secret' },
    probe: { user: 'drover_probe', password: 'secret' },
    admin: 'admin',
    ...differs,
  };
}
