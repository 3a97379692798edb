import * as z from 'zod';
import { didYouMean, type Diagnostic } from '../../../core/diagnostics.ts';
import { problemIn, type Given } from '../../check.ts';

/** Patroni's own tags (patroni/tags.py and validator.py of 3.0 and 4.0); any other is the user's. */
const Tags = z.looseObject({
  nofailover: z.boolean().optional(),
  failover_priority: z.int().min(0).optional(),
  clonefrom: z.boolean().optional(),
  noloadbalance: z.boolean().optional(),
  nosync: z.boolean().optional(),
  nostream: z.boolean().optional(),
  replicatefrom: z.string().optional(),
});

/** Whether a member may never lead. */
function stays(tags: unknown): boolean {
  const { nofailover, failover_priority: priority } = Tags.safeParse(tags).data ?? {};
  return nofailover ?? priority === 0;
}

export function checkTags(given: Given): Diagnostic[] {
  const tags = given.hosts.map((host) => ({ host, value: given.value('patroni_tags', host) }));
  const problems = tags.flatMap(({ host, value }) => ofHost(given, host, value));
  if (given.hosts.length > 0 && tags.every(({ value }) => stays(value))) {
    const message = 'patroni_tags: all members are nofailover, so that none could ever lead';
    problems.push(problemIn(given, 'patroni_tags', { message, hint: 'leave the tag out for at least one' }));
  }
  return problems;
}

function ofHost(given: Given, host: string, value: unknown): Diagnostic[] {
  if (typeof value !== 'object' || value === null) return [];
  const known = Object.keys(Tags.shape);
  const parsed = Tags.safeParse(value);
  const problem = (tag: string, text: string, hint?: string) =>
    problemIn(given, 'patroni_tags', {
      message: `patroni_tags.${tag} ${text}`,
      host,
      path: [tag],
      ...(hint === undefined ? {} : { hint }),
    });
  const misspelt = Object.keys(value)
    .filter((tag) => !known.includes(tag))
    .flatMap((tag): Diagnostic[] => {
      const { hint } = didYouMean(tag.toLowerCase(), known);
      return hint?.startsWith('did') ? [problem(tag, 'is no tag that Patroni knows', hint)] : [];
    });
  const wrong = (parsed.error?.issues ?? []).map(({ path }) => {
    const tag = String(path[0]);
    const wanted =
      tag === 'replicatefrom'
        ? 'a member’s name'
        : tag === 'failover_priority'
          ? 'a whole number from 0'
          : 'true or false';
    return problem(tag, `must be ${wanted}`);
  });
  const source = parsed.data?.replicatefrom;
  const fromNobody =
    source === undefined || (source !== host && given.hosts.includes(source))
      ? []
      : [problem('replicatefrom', `is "${source}", and not another member`, memberHint(source, given, host))];
  return [...misspelt, ...wrong, ...fromNobody];
}

function memberHint(name: string, { hosts }: Given, host: string): string | undefined {
  return didYouMean(
    name,
    hosts.filter((other) => other !== host),
  ).hint;
}
