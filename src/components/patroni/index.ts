import { defineComponent } from '../component.ts';
import { foreignName } from './checks/foreign-name.ts';
import { check } from './checks/index.ts';
import { gate } from './gate.ts';
import { leaving } from './leave.ts';
import { probeFiles } from './probe-files.ts';
import { probeSql } from './probe-sql.ts';
import { probePatroni } from './probe.ts';
import { readSettings } from './settings.ts';
import { lookAtMember } from './state.ts';
import { status } from './status.ts';

/** PostgreSQL, and Patroni that runs it. */
export const patroni = defineComponent({
  name: 'patroni',
  title: 'Patroni',
  group: 'postgres',
  unit: 'patroni',
  packages: (release) => {
    const version = { 12: 15, 13: 17 }[release];
    return ['patroni', 'python3-etcd', `postgresql-${version}`, `postgresql-client-${version}`];
  },
  ports: [
    {
      variable: 'postgres_port',
      program: 'postgres',
      on: ['postgres_listen'],
      from: 'HAProxy and the other members',
    },
    {
      variable: 'patroni_restapi_port',
      program: 'patroni',
      on: ['internal_address'],
      from: 'HAProxy and the other members',
    },
  ],
  directories: ['postgres_data_dir'],
  required: true,
  settings: readSettings,
  check,
  foreignName,
  look: lookAtMember,
  probes: async (look) => [...probePatroni(look), ...(await probeSql(look)), ...(await probeFiles(look))],
  status,
  gate,
  leaving,
});
