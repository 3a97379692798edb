import { Topology } from '../../../src/cluster/topology.ts';
import type { EtcdSettings } from '../../../src/components/etcd/settings.ts';
import type { HaproxySettings } from '../../../src/components/haproxy/settings.ts';
import type { PatroniSettings } from '../../../src/components/patroni/settings.ts';
import type { Placed } from '../../../src/components/place.ts';
import { components } from '../../../src/components/registry.ts';
import type { Space } from '../../../src/facts/space.ts';
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

const disk = { minimum: 3, warning: 10 };

/** Of etcd with a quota in bytes. */
export function etcdSettings(quota: number): EtcdSettings {
  return { clientPort: 2379, quota, dataDir: '/var/lib/etcd', disk };
}

/** A disk of 1,000 MiB, with so many percent left. */
export function diskWith(percent: number, mount = '/'): Space {
  const size = 1000 * 1024 ** 2;
  return { mount, size, free: (size * percent) / 100, inodes: undefined, freeInodes: undefined };
}

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
    replication: { user: 'replicator', password: 'secret' },
    probe: { user: 'drover_probe', password: 'secret' },
    admin: 'admin',
    disk,
    ...differs,
  };
}
