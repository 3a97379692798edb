import { createHash } from 'node:crypto';
import { UsageError } from '../core/errors.ts';

/** Everything a lab makes bears its name, so that `down` finds it without a state file. */
export interface LabNames {
  readonly lab: string;
  /** Bridge, at most 15 characters. */
  readonly bridge: string;
  /** nftables table. */
  readonly table: string;
  /** Keys, inventory and console logs; gone after a reboot, like the hosts. */
  readonly runFolder: string;
  /** Writable layers of the hosts' file systems. */
  readonly dataFolder: string;
  machine(host: string): string;
  /** The controller's end of a host's network cable. */
  cable(host: string): string;
}

export function namesOf(lab: string): LabNames {
  if (!/^[a-z][a-z0-9]{0,7}$/.test(lab)) {
    throw new UsageError(`"${lab}" is not a lab name`, {
      hint: 'up to 8 small letters and digits, a letter first',
    });
  }
  const machine = (host: string) => `drover-${lab}-${host}`;
  return {
    lab,
    bridge: `drover-${lab}`,
    table: `drover_${lab}`,
    runFolder: `/run/drover/lab/${lab}`,
    dataFolder: `/var/lib/drover-lab/${lab}`,
    machine,
    cable: (host) => `dv${createHash('sha256').update(machine(host)).digest('hex').slice(0, 10)}`,
  };
}

/** The lab's network, out of the range set aside for tests (RFC 2544); from 250 on they are those of test/integration. */
export function subnetOf(lab: string): { prefix: string; gateway: string } {
  const third = 1 + (createHash('sha256').update(lab).digest().readUInt16BE(0) % 249);
  const prefix = `198.18.${third}`;
  return { prefix, gateway: `${prefix}.1` };
}
