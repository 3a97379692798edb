import * as z from 'zod';

const head = {
  v: z.literal(1),
  time: z.iso.datetime(),
  run: z.string(),
  /** Who runs drover, and where. */
  who: z.string(),
  /** As it was typed, without the values of `-e`. */
  command: z.string(),
};

/** What a run was asked for: enough to go on with it from another checkout of the inventory. */
const RunRequest = z.object({
  verb: z.string(),
  /** Undefined for operations, which have no playbook. */
  playbook: z
    .object({
      path: z.string(),
      /** From the inventory's folder. */
      beside: z.string(),
      /** Within drover, for a playbook that comes with it. */
      bundled: z.string().optional(),
    })
    .optional(),
  limit: z.string().optional(),
  tags: z.array(z.string()).optional(),
  skipTags: z.array(z.string()).optional(),
  /** Names of the variables of `-e`; their values may be secret. */
  extraVars: z.array(z.string()).optional(),
  hosts: z.array(z.string()),
  /** The run that this one goes on with. */
  resumes: z.string().optional(),
});
export type RunRequest = z.infer<typeof RunRequest>;

const JournaledChange = z.object({
  /** Unlike that of any other change of the run. */
  n: z.number(),
  play: z.string().optional(),
  task: z.string(),
  item: z.string().optional(),
  action: z.string(),
  resource: z.string(),
  detail: z.string().optional(),
  reason: z.string().optional(),
  /** Differing lines in unified form; the last of all, so that a reader can leave it out. */
  diff: z.string().optional(),
});
export type JournaledChange = z.infer<typeof JournaledChange>;

/** A line of the journal that each host keeps of what drover does to it. */
export const JournalLine = z.discriminatedUnion('phase', [
  z.object({ ...head, phase: z.literal('begin'), ...RunRequest.shape }),
  z.object({ ...head, phase: z.literal('begun'), ...JournaledChange.shape }),
  z.object({ ...head, phase: z.literal('done'), n: z.number() }),
  z.object({ ...head, phase: z.literal('failed'), n: z.number(), message: z.string() }),
  /** Nothing of it was done: it is tried in another way. */
  z.object({ ...head, phase: z.literal('withdrawn'), n: z.number() }),
  z.object({ ...head, phase: z.literal('end'), exitCode: z.number(), message: z.string().optional() }),
]);
export type JournalLine = z.infer<typeof JournalLine>;

/** The lines of a journal; those that cannot be read, such as one cut short by a power cut, are counted. */
export function parseJournal(text: string): { lines: JournalLine[]; unreadable: number } {
  const lines: JournalLine[] = [];
  let unreadable = 0;
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const parsed = JournalLine.safeParse(parseJson(line));
    if (parsed.success) lines.push(parsed.data);
    else unreadable++;
  }
  return { lines, unreadable };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
