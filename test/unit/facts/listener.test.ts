import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { collectScript, parseCollected } from '../../../src/facts/collectors.ts';
import { needListeners } from '../../../src/facts/listener.ts';
import { identify, type Need } from '../../../src/facts/need.ts';
import { needSpace, percentFree } from '../../../src/facts/space.ts';
import { folderOf } from '../support.ts';

/** What `ss -Hltnp` prints. */
const listing = `LISTEN 0      4096         0.0.0.0:5000       0.0.0.0:*    users:(("haproxy",pid=${process.pid},fd=7),("haproxy",pid=1,fd=7))
LISTEN 0      244             [::]:5432          [::]:*    users:(("postgres",pid=999999999,fd=6))
LISTEN 0      128                *:50000            *:*
LISTEN 0      128        127.0.0.1:8008        0.0.0.0:*
`;

function collect<T>(need: Need<T>, path: string): T {
  const env = { ...process.env, PATH: `${path}:${process.env['PATH'] ?? ''}` };
  const stdout = execFileSync('sh', ['-c', collectScript([need])], { encoding: 'utf8', env });
  return need.parse(parseCollected(stdout, [need]).get(identify(need)) ?? []);
}

it('tells who listens on a port', () => {
  const folder = folderOf({ ss: `#!/bin/sh\ncat <<'end'\n${listing}end\n` });
  chmodSync(join(folder, 'ss'), 0o755);
  const on = (port: number) => collect(needListeners(port), folder);
  expect(on(5000)).toMatchObject([{ address: '0.0.0.0', program: 'haproxy' }]);
  expect(on(5432)).toEqual([{ address: '[::]', program: 'postgres', unit: '' }]);
  expect(on(8008)).toEqual([{ address: '127.0.0.1', program: '', unit: '' }]);
  expect(on(5001)).toEqual([]);
});

it('tells what is left of a disk, for what is not there yet, too', () => {
  const found = collect(needSpace('/no/such/place'), '/bin');
  if (!found) throw new Error('df says nothing');
  expect(found.mount).toBe('/');
  expect(percentFree(found)).toBeGreaterThanOrEqual(0);
  expect(percentFree(found)).toBeLessThanOrEqual(100);
});

it.each([
  { what: 'bytes', free: 10, freeInodes: 50, percent: 10 },
  { what: 'inodes', free: 90, freeInodes: 1, percent: 1 },
  { what: 'bytes where nobody counts inodes', free: 40, freeInodes: undefined, percent: 40 },
])('what is scarcest counts: $what', ({ free, freeInodes, percent }) => {
  const inodes = freeInodes === undefined ? undefined : 100;
  expect(percentFree({ mount: '/', free, size: 100, freeInodes, inodes })).toBe(percent);
});
