import { parseSpace, percentFree, spaceScript, type Space } from '../facts/space.ts';
import type { Ask } from './ask.ts';
import { showBytes } from '../core/text.ts';
import { row, type ProbeRow } from './probe-row.ts';
import type { StatusColumn, StatusProblem } from './status-table.ts';
import type { VariableReader } from './variable-reader.ts';

/** How much has to be free, in percent of bytes and of inodes. */
export interface DiskLimits {
  readonly minimum: number;
  readonly warning: number;
}

export function readDiskLimits(read: VariableReader): DiskLimits {
  return { minimum: read.number('disk_free_minimum'), warning: read.number('disk_free_warning') };
}

/** The file systems that a host's paths are on, each once; none where it cannot be asked. */
export async function lookAtDisks(ask: Ask, host: string, paths: readonly string[]): Promise<Space[]> {
  const { stdout } = await ask.run(host, spaceScript(paths));
  const spaces = stdout.split('\n').flatMap((line) => {
    const [kind, , ...fields] = line.split('\t');
    return kind === 'space' ? (parseSpace(fields) ?? []) : [];
  });
  return [...new Map(spaces.map((space) => [space.mount, space])).values()];
}

/** A row for each file system of a host. */
export function probeDisks(
  probe: string,
  host: string,
  spaces: readonly Space[],
  { minimum, warning }: DiskLimits,
): ProbeRow[] {
  return spaces.map((space) => {
    const percent = percentFree(space);
    const verdict = percent < minimum ? 'fail' : percent < warning ? 'warn' : 'pass';
    return row(probe, host, `${warning} % of ${space.mount} free`, describe(space), verdict);
  });
}

function describe(space: Space): string {
  const { free, size, freeInodes, inodes } = space;
  const counted = freeInodes === undefined || !inodes ? '' : `, ${percent(freeInodes / inodes)} % of inodes`;
  return `${percent(free / size)} % (${showBytes(free)})${counted}`;
}

function percent(share: number): string {
  return (100 * share).toFixed(share < 0.1 ? 1 : 0);
}

/** Percent that are free on the fullest of a host's file systems; null where nobody has told. */
export function diskFreeOf(spaces: readonly Space[]): number | null {
  return spaces.length === 0 ? null : Number(Math.min(...spaces.map(percentFree)).toFixed(1));
}

/** What PostgreSQL needs for its last checkpoint, and then some: four segments of WAL (16 MiB each), in bytes and files. */
const lastCheckpoint = { bytes: 64 * 1024 ** 2, inodes: 100 };

/** A file system, in words, on which PostgreSQL might not be able to write its last checkpoint; a share alone is no measure. */
export function exhaustedDisk(spaces: readonly Space[]): string | undefined {
  const exhausted = spaces.find(
    ({ free, freeInodes = Infinity }) => free < lastCheckpoint.bytes || freeInodes < lastCheckpoint.inodes,
  );
  return exhausted && describeFree(exhausted);
}

function describeFree(space: Space): string {
  return `${describe(space)} of ${space.mount} free`;
}

export function diskProblems(
  title: string,
  host: string,
  spaces: readonly Space[],
  limits: DiskLimits,
): StatusProblem[] {
  return spaces
    .filter((space) => percentFree(space) < limits.minimum)
    .map((space) => ({ where: host, what: `the disk of ${title} is full: ${describeFree(space)}` }));
}

export const diskColumn: StatusColumn = {
  key: 'diskFree',
  title: 'disk free',
  show: ({ diskFree }) => (typeof diskFree === 'number' ? `${diskFree} %` : '?'),
};
