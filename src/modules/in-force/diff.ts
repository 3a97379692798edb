import type { Answer } from '../../facts/need.ts';
import { inSync, refused, type Verdict } from '../../plan/change.ts';
import type { InForceParams } from './schema.ts';

interface InForceFacts {
  readonly record: readonly (string | undefined)[];
  /** By the order of `filesOf`. */
  readonly contents: readonly (string | undefined)[];
  /** Of each `holding`, on each of its hosts. */
  readonly held: readonly Answer<string | undefined>[];
}

interface Found {
  readonly value: string;
  /** File and line. */
  readonly place: string;
}

export function filesOf({ values, peers }: InForceParams): string[] {
  return [...new Set([...values, ...peers].map(({ file }) => file))];
}

/** Refuses what a host with a cluster cannot be given any more. */
export function diffInForce(facts: InForceFacts, params: InForceParams): Verdict<never> {
  if (params.record !== undefined && !/^\d+$/.test(facts.record[0]?.trim() ?? '')) return inSync();
  const files = filesOf(params);
  const find = (file: string, pattern: string) =>
    findAll(file, facts.contents[files.indexOf(file)] ?? '', pattern);
  const wrong = params.values.flatMap(({ variable, value, file, pattern }) => {
    const [found] = find(file, pattern);
    return found && found.value !== value ? [{ variable, value, found }] : [];
  });
  const named = wrong.find(({ variable }) => variable === 'inventory_hostname');
  if (named) {
    return refused(
      `the host says that it is ${named.found.value} (${named.found.place}), and the inventory calls it ${named.value}`,
      'are the addresses of two hosts swapped? A member keeps its name: put the inventory right',
    );
  }
  if (wrong.length > 0) {
    return refused(
      wrong
        .map(
          ({ variable, value, found }) => `${variable} is ${found.value} here (${found.place}), not ${value}`,
        )
        .join('; '),
      `only a new cluster can be given that; for this one set ${wrong.map(({ variable, found }) => `${variable}: ${found.value}`).join(', ')}`,
    );
  }
  let at = 0;
  for (const { what, group, addresses, hosts, holding, file, pattern, hint } of params.peers) {
    const [first, ...others] = find(file, pattern);
    if (!first) continue;
    const found = [...new Set([first, ...others].map(({ value }) => value))];
    const held = facts.held.slice(at, (at += holding === undefined ? 0 : hosts.length));
    const common = found.filter((address) => addresses.includes(address));
    if (found.length === common.length) continue;
    // Who cannot be asked may hold it.
    const holds = (address: string) => {
      const answer = held[addresses.indexOf(address)];
      return !answer?.answered || answer.fact !== undefined;
    };
    if (common.some(holds)) continue;
    const left = common.length === 0 ? 'none of them' : `of them only ${common.join(', ')}, without its data`;
    return refused(`${what} ${found.join(', ')} (${first.place}), and the group ${group} has ${left}`, hint);
  }
  return inSync();
}

function findAll(file: string, text: string, pattern: string): Found[] {
  return [...text.matchAll(new RegExp(pattern, 'gm'))].map((match) => ({
    value: unquote(match[1] ?? ''),
    place: `${file}:${text.slice(0, match.index).split('\n').length}`,
  }));
}

/** A value as the templates write it: bare, or as JSON's text. */
function unquote(value: string): string {
  return value.startsWith('"') ? String(JSON.parse(value)) : value;
}
