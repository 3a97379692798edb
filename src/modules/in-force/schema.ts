import * as z from 'zod';
import { absolutePath, regularExpression, text } from '../params.ts';

const place = {
  file: absolutePath.describe('Where the host has what is in force.'),
  pattern: regularExpression.describe(
    'Finds it there, as its first group; `^` and `$` are the ends of a line.',
  ),
};

const Value = z.strictObject({
  ...place,
  variable: z.string().describe('The variable that it was set by.'),
  value: text.describe('What the inventory says.'),
});

const Peers = z.strictObject({
  ...place,
  what: z.string().describe('What the host does with those that it names: `Patroni uses the etcd at`.'),
  group: z.string().describe('The group that they are in.'),
  addresses: z.array(z.string()).describe('The addresses of that group.'),
  hosts: z
    .array(z.string())
    .default([])
    .describe('The hosts of that group, in the same order, where each has a record of the cluster.'),
  holding: absolutePath
    .optional()
    .describe('That record: where some of those named are not in the group, one that is must hold it.'),
  hint: z.string().describe('What to do instead.'),
});

export const InForceParams = z.strictObject({
  record: absolutePath
    .optional()
    .describe('Record of the cluster that the host belongs to: without a number in it nothing is in force.'),
  values: z.array(Value).default([]).describe('What only a new cluster can be given.'),
  peers: z
    .array(Peers)
    .default([])
    .describe('Hosts that this one names, of which at least one must be in the inventory’s group.'),
});
export type InForceParams = z.infer<typeof InForceParams>;
