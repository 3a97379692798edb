import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod';
import { InvalidInputError, LocalFileError, StalePlanError } from '../core/errors.ts';
import { writeTo } from '../core/private-file.ts';
import { whyNot } from '../core/system-error.ts';
import { readTrustedFile, UntrustedFileError } from '../core/trusted-file.ts';
import type { TaskReport } from '../engine/tasks/outcome.ts';
import type { Change } from '../plan/change.ts';
import { isSealed, planKeyFile, sealPlan } from './plan-key.ts';
import type { PlayRequest } from './play.ts';

const Entry = z.strictObject({
  host: z.string(),
  task: z.string(),
  status: z.enum(['changed', 'deferred']),
  changes: z.array(
    z.strictObject({
      /** For people: "update /etc/haproxy/haproxy.cfg". */
      what: z.string(),
      /** SHA-256 of the whole change, masked where it holds secrets. */
      digest: z.string(),
    }),
  ),
});
type Entry = z.infer<typeof Entry>;

const Content = z.strictObject({
  v: z.literal(2),
  made: z.iso.datetime(),
  /** The input the plan was made from. */
  playbook: z.string(),
  input: z.strictObject({
    inventory: z.array(z.string()),
    limit: z.string().optional(),
    tags: z.array(z.string()),
    skipTags: z.array(z.string()),
    extraVars: z.array(z.string()),
  }),
  entries: z.array(Entry),
});
type Content = z.infer<typeof Content>;

/** The content, and its HMAC by the key of who has made it. */
const SavedPlan = Content.extend({ seal: z.string() });
export type SavedPlan = z.infer<typeof SavedPlan>;

/** What is sealed: the content in the order of its schema, however it is written. */
function sealedText(content: Content): string {
  return JSON.stringify(Content.parse(content));
}

/** What is saved of a plan. */
interface PlannedTasks {
  readonly reports: readonly (Pick<TaskReport, 'host' | 'name' | 'status'> & {
    readonly instances: readonly { readonly outcome: { readonly changes: readonly Change[] } }[];
  })[];
}

/** Masks what is secret. */
type Redact = (text: string) => string;

/** The changes of a plan, task by task. */
function entriesOf(plan: PlannedTasks, redact: Redact): Entry[] {
  return plan.reports.flatMap(({ host, name, status, instances }) => {
    if (status !== 'changed' && status !== 'deferred') return [];
    const changes = instances.flatMap(({ outcome }) =>
      outcome.changes.map((change) => ({
        what: redact(`${change.action} ${change.resource}`),
        digest: createHash('sha256')
          .update(redact(JSON.stringify(change)))
          .digest('hex'),
      })),
    );
    return [{ host, task: name, status, changes }];
  });
}

/** Writes a plan to a file that only its owner can read: variables of `-e` may be secret. */
export function savePlan(
  path: string,
  plan: PlannedTasks,
  from: Pick<PlayRequest, 'playbook' | 'input'>,
  redact: Redact,
): void {
  const { playbook, input } = from;
  const { limit, tags, skipTags, extraVars } = input;
  const saved: Content = {
    v: 2,
    made: new Date().toISOString(),
    playbook: resolve(playbook),
    input: {
      ...(limit === undefined ? {} : { limit }),
      tags: [...tags],
      skipTags: [...skipTags],
      extraVars: extraVars.map((text) => (text.startsWith('@') ? `@${resolve(text.slice(1))}` : text)),
      // A list of hosts is not a file.
      inventory: input.inventory.map((source) => (existsSync(source) ? resolve(source) : source)),
    },
    entries: entriesOf(plan, redact),
  };
  const seal = sealPlan(sealedText(saved));
  try {
    writeTo(path, `${JSON.stringify({ ...saved, seal }, null, 2)}\n`);
  } catch (error) {
    throw new LocalFileError(`the plan cannot be written to ${path}: ${whyNot(error)}`);
  }
}

/**
 * Reads a saved plan; throws InvalidInputError if the file does not hold one, or could be another's: it names the
 * playbook that is going to be run.
 */
export function readPlan(path: string): SavedPlan {
  const saved = parsePlan(path);
  const { seal, ...plan } = saved;
  const sealed = isSealed(sealedText(plan), seal);
  if (sealed) return saved;
  const key = planKeyFile();
  throw new InvalidInputError([
    {
      message: `${path} was not made by you on this machine, or was changed since: ${sealed === undefined ? `there is no key in ${key}` : `the key in ${key} is another`}`,
      hint: 'make the plan here (drover plan -o); to apply plans of another machine, copy its key to this one',
    },
  ]);
}

function parsePlan(path: string): SavedPlan {
  try {
    return SavedPlan.parse(JSON.parse(readTrustedFile(path, 0o022).toString()));
  } catch (error) {
    if (error instanceof UntrustedFileError)
      throw new InvalidInputError([{ message: `${path}: ${error.message}`, hint: error.hint }]);
    const message = error instanceof z.ZodError ? z.prettifyError(error) : whyNot(error);
    throw new InvalidInputError([
      { message: `${path} is no plan: ${message}`, hint: 'drover plan -o FILE writes one' },
    ]);
  }
}

/** Throws StalePlanError if a plan differs from the saved one, naming host, task and difference. */
export function expectPlan(plan: PlannedTasks, saved: SavedPlan, redact: Redact): void {
  const differences = compare(saved.entries, entriesOf(plan, redact));
  if (differences.length === 0) return;
  throw new StalePlanError(
    [`the plan of ${saved.made} no longer fits:`, ...differences.map((line) => `  ${line}`)].join('\n'),
    { hint: 'nothing was changed; make a new plan and look at it' },
  );
}

function compare(saved: readonly Entry[], now: readonly Entry[]): string[] {
  const keyOf = ({ host, task }: Entry) => `${host}: ${task}`;
  return [...new Set([...saved, ...now].map(keyOf))].flatMap((key) => {
    const [was, is] = [saved, now].map((entries) => entries.filter((entry) => keyOf(entry) === key));
    if (JSON.stringify(was) === JSON.stringify(is)) return [];
    const [then, today] = [describe(was ?? []), describe(is ?? [])];
    return [
      then === today
        ? `${key}: ${then}, but from or to another state than planned`
        : `${key}: planned was to ${then}, now it would be to ${today}`,
    ];
  });
}

function describe(entries: readonly Entry[]): string {
  const words = entries.flatMap(({ status, changes }) =>
    status === 'deferred' ? ['decide later'] : changes.map(({ what }) => what),
  );
  return words.length === 0 ? 'change nothing' : words.join(', ');
}
