import { closest, distance } from 'fastest-levenshtein';
import { formatPlace, positionOf, type SourceRange } from './source.ts';

/** One thing wrong in the user's input: where, what, and what to do about it. */
export interface Diagnostic {
  readonly message: string;
  readonly at?: SourceRange;
  readonly hint?: string;
  /** The hosts it was found on, where it takes a host's facts to see it. */
  readonly hosts?: readonly string[];
}

/** What tells one problem from another, on whatever hosts they are found. */
export function problemKey({ at, message }: Diagnostic): string {
  return `${at?.file.path ?? ''}:${at?.start ?? 0}:${message}`;
}

/** Those that several hosts share, once, with all their hosts. */
export function mergeHosts<D extends Diagnostic>(found: readonly D[]): (D & { readonly hosts: string[] })[] {
  const merged = new Map<string, D & { readonly hosts: string[] }>();
  for (const diagnostic of found) {
    const key = problemKey(diagnostic);
    const known = merged.get(key);
    const hosts = new Set([...(known?.hosts ?? []), ...(diagnostic.hosts ?? [])]);
    merged.set(key, { ...(known ?? diagnostic), hosts: [...hosts] });
  }
  return [...merged.values()];
}

/** The word that a misspelt one may stand for; undefined if no candidate is close enough. */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const all = [...candidates];
  if (all.length === 0) return undefined;
  const nearest = closest(word, all);
  const allowed = Math.max(1, Math.floor(word.length / 3));
  // To a word of one letter any other would be close.
  return distance(word, nearest) <= allowed && word.length > 1 ? nearest : undefined;
}

/** The word of which a long one is a slip of the keyboard: nearer than what is merely alike. */
export function slipOf(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const nearest = closest(word, known);
  const allowed = word.length < 5 ? 0 : word.length < 10 ? 1 : 2;
  return distance(word, nearest) <= allowed ? nearest : undefined;
}

/** The hint for a misspelt word: a suggestion, or else the words there are. */
export function didYouMean(word: string, candidates: Iterable<string>): { hint?: string } {
  const all = [...new Set(candidates)];
  const nearest = suggest(word, all);
  if (nearest !== undefined) return { hint: `did you mean "${nearest}"?` };
  if (all.length === 0 || all.length > 30) return {};
  return { hint: `there are: ${all.sort().join(', ')}` };
}

/** A diagnostic as the terminal shows it: place, message, and the line with the stretch underlined. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { at, message, hint, hosts } = diagnostic;
  const on = hosts && hosts.length > 0 ? ` (on ${hosts.join(', ')})` : '';
  if (at?.file.secret)
    return `${formatPlace(at)}  ${message}${on}${hint === undefined ? '' : `\n   ${hint}`}`;
  if (!at) return `${message}${on}${hint === undefined ? '' : `\n   ${hint}`}`;
  const { line, column } = positionOf(at.file, at.start);
  const source = at.file.text.split('\n')[line - 1] ?? '';
  const gutter = String(line).padStart(5);
  const width = Math.max(1, Math.min(at.end - at.start, source.length - column + 1));
  const margin = source.slice(0, column - 1).replace(/[^\t]/g, ' ');
  const underline = `${' '.repeat(5)} | ${margin}${'^'.repeat(width)}${hint === undefined ? '' : ` ${hint}`}`;
  return `${formatPlace(at)}  ${message}${on}\n${gutter} | ${source}\n${underline}`;
}
