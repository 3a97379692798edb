import { join } from 'node:path';
import type { HostRecap } from '../src/engine/events.ts';
import type { Address, BenchHosts } from './hosts.ts';
import { measure, type Sample } from './measure.ts';
import { bundle, drover, type Contender, type Tools } from './tools.ts';

/** What cases work with. */
export interface Bench {
  readonly hosts: BenchHosts;
  readonly tools: Tools;
  /** Rounds; in each, every contender runs once. */
  readonly runs: number;
  /** The folder of another build of drover, which takes turns with this one instead of other tools. */
  readonly beside: string | undefined;
  say(message: string): void;
}

/** One contender's medians. */
export interface Row {
  readonly name: string;
  readonly runs: number;
  readonly seconds: number;
  readonly cpu: number;
  readonly memory: number;
  readonly kilobytes: number;
  /** Waits for the slowest host, where they were counted. */
  readonly trips?: number | undefined;
}

/** Something the project promises of a figure. */
export interface Target {
  readonly what: string;
  readonly found: number;
  readonly atMost: number;
  readonly unit: string;
}

/** Contenders that did the same work on the same hosts. */
export interface Comparison {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly targets: readonly Target[];
}

interface Rounds {
  readonly title: string;
  readonly contenders: readonly Contender[];
  /** Runs before each measurement. */
  readonly before?: () => Promise<unknown>;
  /** Runs after each: a look at what the contender left. */
  readonly after?: (contender: Contender) => Promise<unknown>;
  /** Counts what has gone over the network, instead of the hosts' own counter. */
  readonly bytes?: () => number;
  /** Round trips of the run that has just ended. */
  readonly trips?: (sample: Sample) => number | undefined;
  readonly targets?: (rows: readonly Row[]) => readonly Target[];
}

/** Lets contenders take turns, so that whatever else the machine does hits them alike. */
export async function compare(bench: Bench, rounds: Rounds): Promise<Comparison> {
  const { title, before, after, bytes = bench.hosts.bytes, trips = tripsOfDrover } = rounds;
  const { beside } = bench;
  const contenders =
    beside === undefined ? rounds.contenders : rounds.contenders.flatMap((each) => builds(each, beside));
  const samples = new Map<string, (Sample & { trips: number | undefined })[]>(
    contenders.map(({ name }) => [name, []]),
  );
  for (let round = 0; round < bench.runs; round++) {
    // Whoever runs first finds the hosts colder.
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      if (contender.slow && round >= Math.ceil(bench.runs / 5)) continue;
      await before?.();
      const sample = await measure(contender.command, bytes);
      samples.get(contender.name)?.push({ ...sample, trips: trips(sample) });
      bench.say(`${title}: ${contender.name} ${sample.seconds.toFixed(2)} s`);
      await contender.after?.();
      await after?.(contender);
    }
  }
  const rows = [...samples].map(([name, own]): Row => {
    const middle = (read: (sample: (typeof own)[number]) => number) => median(own.map(read));
    return {
      name,
      runs: own.length,
      seconds: middle(({ seconds }) => seconds),
      cpu: middle(({ cpu }) => cpu),
      memory: middle(({ memory }) => memory),
      kilobytes: middle(({ kilobytes }) => kilobytes),
      trips: own[0]?.trips,
    };
  });
  const targets = beside === undefined ? rounds.targets?.(rows) : besides(rows);
  return { title, rows, targets: targets ?? [] };
}

const otherBuild = (name: string) => `${name}, the other build`;

/** drover and its other build; nothing of what is not drover. */
function builds(contender: Contender, folder: string): Contender[] {
  const { name, command } = contender;
  const [node, program = '', ...args] = command.args;
  if (node === undefined || program !== bundle) return [];
  const env = { ...command.env, XDG_CACHE_HOME: `${command.env?.['XDG_CACHE_HOME'] ?? ''}-other` };
  return [
    contender,
    { ...contender, name: otherBuild(name), command: { args: [node, join(folder, bundle), ...args], env } },
  ];
}

/** Each of drover's times, and the processor's, against those of its other build. */
function besides(rows: readonly Row[]): Target[] {
  return rows.flatMap((row) => {
    const other = rows.find(({ name }) => name === otherBuild(row.name));
    if (!other) return [];
    const ratio = (what: string, found: number) => ({
      what: `${row.name}: ${what}`,
      found,
      atMost: 1,
      unit: '',
    });
    return [ratio('time', row.seconds / other.seconds), ratio('CPU', row.cpu / other.cpu)];
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

export function rowOf(rows: readonly Row[], name: string): Row {
  const row = rows.find((candidate) => candidate.name === name);
  if (!row) throw new Error(`${name} was not measured`);
  return row;
}

/** drover's time is to be at most so many times another's. */
export function ratioTo(rows: readonly Row[], other: string, atMost: number): Target {
  const found = rowOf(rows, drover).seconds / rowOf(rows, other).seconds;
  return { what: `drover : ${other}`, found, atMost, unit: '' };
}

export function tripsOfDrover({ stdout }: Sample): number | undefined {
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  // A build of before may write another version: that of a recap's round trips has not changed.
  if (!line.startsWith('{"v":') || !line.includes('"type":"recap"')) return undefined;
  const { hosts } = JSON.parse(line) as { hosts: Record<string, HostRecap> };
  return Math.max(...Object.values(hosts).map(({ roundTrips }) => roundTrips));
}

/** Holds what a contender left on the hosts against what the first one left. */
export function sameState(
  { hosts }: Bench,
  script: string,
  addresses: readonly Address[],
): (contender: Contender) => Promise<void> {
  let first: { name: string; digests: string[] } | undefined;
  return async ({ name }) => {
    const digests = await hosts.everywhere(script, [...addresses]);
    first ??= { name, digests };
    const reference = first;
    const differs = digests.findIndex((digest, index) => digest !== reference.digests[index]);
    if (differs < 0) return;
    const host = addresses[differs];
    const full = host === undefined ? [] : await hosts.everywhere(script, [host], 'full');
    throw new Error(
      `${name} leaves ${host?.name ?? '?'} in another state than ${first.name}:\n${full.join('\n')}`,
    );
  };
}
