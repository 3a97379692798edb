import type { PatroniCredentials } from '../../clients/patroni/api.ts';
import { readDiskLimits, type DiskLimits } from '../disk.ts';
import type { VariableReader } from '../variable-reader.ts';

/** A role of PostgreSQL's; the password is a placeholder. */
interface Role {
  readonly user: string;
  readonly password: string;
}

export interface PatroniSettings {
  readonly restPort: number;
  readonly postgresPort: number;
  /** A host's data directory; only of one that is reached, since it follows from the host's facts. */
  dataDirOf(host: string): string;
  /** Who may change something through the REST API. */
  readonly rest: PatroniCredentials;
  readonly synchronous: boolean;
  /** What the DCS is to hold. */
  readonly dcs: Readonly<Record<string, unknown>>;
  /** PostgreSQL's parameters, as they are to be in effect. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Members that are not meant to serve reads. */
  readonly noLoadBalance: ReadonlySet<string>;
  readonly probe: Role;
  readonly superuser: Role;
  readonly replication: Role;
  readonly admin: string;
  readonly disk: DiskLimits;
}

export function readSettings(read: VariableReader): PatroniSettings {
  const role = (variable: string): Role => ({
    user: read.text(`${variable}_name`),
    password: read.text(`${variable}_password`),
  });
  return {
    restPort: read.number('patroni_restapi_port'),
    postgresPort: read.number('postgres_port'),
    dataDirOf: (host) => read.text('postgres_data_dir', host),
    rest: { user: read.text('patroni_restapi_user'), password: read.text('patroni_restapi_password') },
    synchronous: read.flag('patroni_synchronous_mode'),
    dcs: { ...read.record('patroni_dcs'), ...read.record('patroni_dcs_extra') },
    parameters: { ...read.record('postgres_parameter_defaults'), ...read.record('postgres_parameters') },
    noLoadBalance: new Set(
      read.hosts.filter((host) => read.record('patroni_tags', host)['noloadbalance'] === true),
    ),
    probe: role('postgres_probe'),
    superuser: role('postgres_superuser'),
    replication: role('postgres_replication'),
    admin: read.text('postgres_admin_name'),
    disk: readDiskLimits(read),
  };
}
