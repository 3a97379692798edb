import type { Play } from '../../config/playbook/model.ts';

/** The hosts of a play in batches, by `serial`; the last size holds for the rest. */
export function batchesOf({ serial }: Play, hosts: readonly string[]): string[][] {
  if (serial.length === 0) return hosts.length === 0 ? [] : [[...hosts]];
  const batches: string[][] = [];
  let rest = [...hosts];
  for (let index = 0; rest.length > 0; index++) {
    const size = serial[Math.min(index, serial.length - 1)] ?? 1;
    const count =
      typeof size === 'number' ? size : Math.max(1, Math.floor((hosts.length * parseInt(size, 10)) / 100));
    batches.push(rest.slice(0, count));
    rest = rest.slice(count);
  }
  return batches;
}
