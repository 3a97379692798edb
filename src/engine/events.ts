import * as z from 'zod';
import { changeFields } from '../plan/change.ts';

/** What people and programs see of a change. */
export const ShownChange = z.object(changeFields);
export type ShownChange = z.infer<typeof ShownChange>;

const where = {
  host: z.string(),
  play: z.string(),
  task: z.string(),
  /** Position of the task in the playbook: unique where names are not. */
  taskId: z.number(),
  item: z.string().optional(),
};

/** What became of a task: `deferred` stands only in plans. */
export const taskStatuses = ['ok', 'changed', 'failed', 'ignored', 'rescued', 'skipped', 'deferred'] as const;

const HostRecap = z.object({
  /** Also those that changed something, or failed and were ignored. */
  ok: z.number(),
  changed: z.number(),
  failed: z.number(),
  skipped: z.number(),
  rescued: z.number(),
  ignored: z.number(),
  unreachable: z.number(),
  deferred: z.number(),
  roundTrips: z.number(),
  apiCalls: z.number(),
  seconds: z.number(),
});
export type HostRecap = z.infer<typeof HostRecap>;

/** The story of a run, event by event; `--json` prints one a line. */
export const RunEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('run'), verb: z.string(), source: z.string(), hosts: z.array(z.string()) }),
  z.object({ type: z.literal('phase'), phase: z.enum(['connect', 'collect', 'plan', 'apply', 'verify']) }),
  z.object({
    type: z.literal('host'),
    host: z.string(),
    state: z.enum(['connected', 'unreachable']),
    message: z.string().optional(),
    hint: z.string().optional(),
  }),
  z.object({
    type: z.literal('plan'),
    ...where,
    status: z.enum(taskStatuses),
    changes: z.array(ShownChange),
    /** Why it is deferred or fails, and the state it aims at. */
    reason: z.string().optional(),
    hint: z.string().optional(),
    aim: z.string().optional(),
    /** The task only reads or checks. */
    readOnly: z.boolean(),
  }),
  z.object({ type: z.literal('play'), play: z.string(), hosts: z.array(z.string()) }),
  z.object({ type: z.literal('start'), ...where, aim: z.string().optional() }),
  z.object({ type: z.literal('change'), ...where, change: ShownChange }),
  /** A change that was taken back, because what it was made to was not well with it. */
  z.object({ type: z.literal('restore'), ...where, change: ShownChange }),
  z.object({
    type: z.literal('task'),
    ...where,
    status: z.enum(taskStatuses),
    message: z.string().optional(),
    hint: z.string().optional(),
  }),
  /** A script that went to a host, and was waited for. */
  z.object({
    type: z.literal('trip'),
    host: z.string(),
    seconds: z.number(),
    /** The tasks it carried out; without any it only looked. */
    tasks: z.array(z.string()),
    /** What kept more from going along. */
    ended: z.string().optional(),
  }),
  /** Something that was waited for until it was true. */
  z.object({ type: z.literal('wait'), host: z.string(), what: z.string(), seconds: z.number() }),
  z.object({ type: z.literal('api'), host: z.string(), what: z.string(), state: z.string() }),
  /** A line that a unit has logged while it is waited for. */
  z.object({ type: z.literal('log'), host: z.string(), unit: z.string(), line: z.string() }),
  z.object({ type: z.literal('warning'), message: z.string(), hint: z.string().optional() }),
  z.object({
    type: z.literal('probe'),
    probe: z.string(),
    where: z.string(),
    expected: z.string(),
    found: z.string(),
    verdict: z.enum(['pass', 'warn', 'fail']),
  }),
  z.object({
    type: z.literal('operation'),
    verb: z.string(),
    cluster: z.string(),
    steps: z.array(z.object({ what: z.string(), disrupts: z.string().optional() })),
    /** Seconds without writes that are to be expected. */
    outage: z.object({ usual: z.number(), most: z.number() }).optional(),
    /** Settings of the DCS; JSON, left out where they are not set. */
    settings: z
      .array(z.object({ key: z.string(), before: z.string().optional(), after: z.string().optional() }))
      .optional(),
    notes: z.array(z.string()),
  }),
  z.object({
    type: z.literal('step'),
    step: z.string(),
    state: z.enum(['begun', 'waiting', 'done', 'failed']),
    /** What is being waited for. */
    detail: z.string().optional(),
    seconds: z.number().optional(),
  }),
  z.object({
    type: z.literal('writes'),
    /** The entry point that was written through. */
    through: z.string(),
    acknowledged: z.number(),
    refused: z.number(),
    /** Seconds between two acknowledgements, at the longest. */
    gap: z.number(),
    /** Acknowledged rows that were not there afterwards. */
    lost: z.number(),
    problem: z.string().optional(),
  }),
  z.object({ type: z.literal('recap'), exitCode: z.number(), hosts: z.record(z.string(), HostRecap) }),
]);
export type RunEvent = z.infer<typeof RunEvent>;

/** Every line of `--json`: an event with version, run and time. */
export const EventLine = z.intersection(
  RunEvent,
  z.object({ v: z.literal(2), run: z.string(), time: z.iso.datetime() }),
);

export type Emit = (event: RunEvent) => void;
