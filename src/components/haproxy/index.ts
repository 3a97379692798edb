import { defineComponent } from '../component.ts';
import { check } from './check.ts';
import { gate } from './gate.ts';
import { leaving } from './leave.ts';
import { probeEntries } from './probe-sql.ts';
import { probeServers } from './probe.ts';
import { readSettings } from './settings.ts';
import { lookAtEntry } from './state.ts';
import { status } from './status.ts';

const bind = ['haproxy_bind_address'];

/** The entry for clients: one port for writes, one for reads. */
export const haproxy = defineComponent({
  name: 'haproxy',
  title: 'HAProxy',
  group: 'haproxy',
  unit: 'haproxy',
  packages: () => ['haproxy'],
  ports: [
    { variable: 'haproxy_write_port', program: 'haproxy', on: bind, from: 'clients' },
    { variable: 'haproxy_read_port', program: 'haproxy', on: bind, from: 'clients' },
    {
      variable: 'haproxy_stats_port',
      program: 'haproxy',
      on: bind,
      from: 'whoever looks at its statistics',
    },
  ],
  settings: readSettings,
  check,
  look: lookAtEntry,
  probes: async (look) => [...(await probeEntries(look)), ...probeServers(look)],
  status,
  gate,
  leaving,
});
