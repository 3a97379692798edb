import { describe, expect, it } from 'vitest';
import { exhaustedDisk } from '../../../src/components/disk.ts';
import type { Space } from '../../../src/facts/space.ts';

const MiB = 1024 ** 2;

function space(differs: Partial<Space>): Space {
  return { mount: '/data', size: 1e12, free: 1e11, inodes: 1e6, freeInodes: 5e5, ...differs };
}

describe('a disk without room for a last checkpoint', () => {
  it('is told by the bytes that are left, not by their share', () => {
    expect(exhaustedDisk([space({ free: 64 * MiB })])).toBeUndefined();
    expect(exhaustedDisk([space({}), space({ mount: '/wal', free: 63 * MiB })])).toBe(
      '0.0 % (63.0 MiB), 50 % of inodes of /wal free',
    );
  });

  it('is one without inodes, too, where there is a number of them', () => {
    expect(exhaustedDisk([space({ freeInodes: 99 })])).toMatch(/0\.0 % of inodes of \/data free$/);
    expect(exhaustedDisk([space({ inodes: undefined, freeInodes: undefined })])).toBeUndefined();
  });
});
