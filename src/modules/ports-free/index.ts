import * as z from 'zod';
import { needListeners, type Listener } from '../../facts/listener.ts';
import { unitName } from '../../facts/unit.ts';
import { changeFields, inSync, refused } from '../../plan/change.ts';
import { defineModule } from '../define-module.ts';
import { unit as unitParam } from '../params.ts';

const port = z.int().min(1).max(65535);

export const portsFree = defineModule({
  name: 'ports_free',
  docs: {
    summary: 'Refuses a host on which another program listens where a unit is to listen.',
    example: `- ports_free:
    unit: haproxy
    ports: [5000, 5001]`,
  },
  params: z.strictObject({
    unit: unitParam.describe('systemd unit that may listen there.'),
    ports: z.array(port).min(1).describe('TCP ports.'),
    address: z
      .string()
      .default('0.0.0.0')
      .describe('Where the unit is to listen: programs at other addresses are not in its way.'),
  }),
  change: z.strictObject({ ...changeFields }),
  readOnly: true,
  needs: ({ ports }) => ({ listeners: ports.map(needListeners) }),
  diff({ listeners }, { unit, ports, address }) {
    const found = ports.flatMap((port, index) =>
      (listeners[index] ?? [])
        .filter((listener) => listener.unit !== unitName(unit) && areOneAddress(listener.address, address))
        .map((listener) => ({ port, listener })),
    );
    const [first] = found;
    if (!first) return inSync();
    const held = found.map(({ port, listener }) => `${port} by ${show(listener)}`);
    const stop = first.listener.unit === '' ? 'end it' : `systemctl disable --now ${first.listener.unit}`;
    return refused(
      `${unit} is to listen where another program does: ${[...new Set(held)].join(', ')}`,
      `if nobody needs it: ${stop}; or give ${unit} another port`,
    );
  },
  apply: () => [],
  writes: () => [],
  aim: ({ unit, ports }) => `${ports.join(', ')} free for ${unit}`,
});

const wildcards = ['*', '0.0.0.0', '[::]', '::'];

/** Whether two programs cannot listen at both addresses; one for all addresses leaves none to others. */
function areOneAddress(one: string, other: string): boolean {
  return one === other || wildcards.includes(one) || wildcards.includes(other);
}

function show({ program, unit }: Listener): string {
  return unit === '' ? program || 'a program of another user' : `${program} (${unit})`;
}
