import * as z from 'zod';
import { factsOfPath } from '../../facts/content.ts';
import { needHost } from '../../facts/host.ts';
import { changed, changeFields, inSync, outdate } from '../../plan/change.ts';
import { run } from '../../plan/operation.ts';
import { quote } from '../../shell/quote.ts';
import { defineModule } from '../define-module.ts';

const factsOfFile = factsOfPath('/etc/hostname');

export const hostname = defineModule({
  name: 'hostname',
  docs: {
    summary: 'Sets the host’s name.',
    differences: [
      'No `use`: hostnamectl where it is, /etc/hostname and hostname(1) elsewhere. The pretty name, in /etc/machine-info, is left as it is.',
    ],
    example: `- hostname:
    name: "{{inventory_hostname}}"`,
  },
  params: z.strictObject({
    name: z
      .string()
      .regex(/^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,62}[a-zA-Z0-9])?$/, 'is not a host name')
      .describe('The host’s name.'),
  }),
  change: z.strictObject({ ...changeFields }),
  needs: () => ({ host: needHost }),
  diff({ host }, { name }) {
    return host?.hostname === name
      ? inSync()
      : changed({ action: 'set', resource: name, detail: `${host?.hostname ?? ''} -> ${name}` });
  },
  apply: ({ resource }) => [
    run(`if command -v hostnamectl >/dev/null && hostnamectl hostname ${quote(resource)} 2>/dev/null; then :; else
printf '%s\\n' ${quote(resource)} > /etc/hostname && hostname ${quote(resource)}; fi`),
  ],
  mayWrite: () => factsOfFile,
  writes: () => [needHost, ...factsOfFile].map(outdate),
  aim: ({ name }) => `host name ${name}`,
});
