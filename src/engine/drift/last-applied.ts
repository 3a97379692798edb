import { createHash } from 'node:crypto';
import { holdsSecret } from '../../core/secrets.ts';
import { pathOf, type TreeEntry } from '../../core/source.ts';
import { largestShownFile, needContent, needDigest } from '../../facts/content.ts';
import type { Need } from '../../facts/need.ts';
import type { ModuleContext } from '../../modules/define-module.ts';
import { quote } from '../../shell/quote.ts';
import type { Instance } from '../tasks/instance.ts';
import type { TaskReport } from '../tasks/outcome.ts';

/** Where a host keeps digests of what its tasks last applied, none of a secret. */
const lastAppliedFile = '/var/lib/drover/wanted';

/** That file as a fact. */
export const needLastApplied = needContent(lastAppliedFile);

/** Digests of what a task applies to a host. */
export interface Digests {
  /** Of the task and its item, in its play. */
  readonly key: string;
  readonly play: string;
  /** Digest of the parameters, secrets as placeholders. */
  readonly params: string;
  /** First digits of the SHA-256 of the file or folder that it writes; undefined where it writes none, or one with secrets. */
  readonly content: string | undefined;
  /** Set for one path of a folder. */
  readonly isPart?: true;
}

/** Parameters of tasks that write files. */
interface FileParams {
  readonly dest?: unknown;
  readonly content?: unknown;
  readonly tree?: readonly TreeEntry[];
}

// Enough for a host's thousands of digests not to collide.
const digits = 16;

/** A task's digests, and those of each path in a folder that it copies. */
export interface TaskDigests {
  readonly own: Digests;
  readonly paths: ReadonlyMap<string, Digests>;
}

/** Digests of what the tasks of these reports apply to a host, in the order of the run. */
export function digestsOf(
  reports: readonly TaskReport[],
  host: string,
  context: ModuleContext,
): Map<Instance, TaskDigests> {
  const found = new Map<Instance, TaskDigests>();
  const met = new Map<string, number>();
  for (const report of reports) {
    if (report.host !== host || report.task.module.readOnly) continue;
    for (const { instance } of report.instances) {
      const name = JSON.stringify([report.play.name, instance.name, instance.label]);
      const count = (met.get(name) ?? 0) + 1;
      met.set(name, count);
      const { tree, ...params } = instance.bound.params as FileParams;
      const own = {
        key: digestOf(`${name} ${count}`),
        play: digestOf(report.play.name),
        params: digestOf(context.redact(JSON.stringify(params))),
        content: tree ? digestOf(JSON.stringify(tree)) : writtenFile(instance)?.digest(context),
      };
      const paths = (tree ?? []).map((entry): [string, Digests] => [
        pathOf(entry, params.dest as string),
        {
          ...own,
          isPart: true,
          key: digestOf(`${name} ${count} ${entry.path}`),
          content: entry.content === undefined ? undefined : context.digest(entry.content).slice(0, digits),
        },
      ]);
      found.set(instance, { own, paths: new Map(paths) });
    }
  }
  return found;
}

/** The file that a task writes as a whole, unless it holds secrets. */
export function writtenFile({ bound }: Instance) {
  const { dest, content } = bound.params as FileParams;
  if (typeof dest !== 'string' || typeof content !== 'string' || holdsSecret(content)) return undefined;
  return {
    need: needShortDigest(dest),
    digest: (context: ModuleContext) => context.digest(content).slice(0, digits),
  };
}

/** First digits of the SHA-256 of a file's content, as kept on the host. */
export function needShortDigest(path: string): Need<string | undefined> {
  const need = needDigest(path);
  return { ...need, parse: (records) => need.parse(records)?.slice(0, digits) };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

/** Parses the file; lines that make no sense are skipped. */
export function parseLastApplied(text: string | undefined): Map<string, Digests> {
  return new Map(
    (text ?? '').split('\n').flatMap((line) => {
      const [key, play, params, content] = line.split(' ');
      if (!key || !play || !params || !content) return [];
      return [[key, { key, play, params, content: content === '-' ? undefined : content }]];
    }),
  );
}

/**
 * The file after a run: the digests of its tasks replace the former ones. After a run of `all` tasks, those that its
 * plays no longer have are dropped. Where it would exceed what a fact brings back, the paths of folders are left out
 * first; if that is not enough, nothing is kept.
 */
export function renderLastApplied(
  before: ReadonlyMap<string, Digests>,
  now: Iterable<Digests>,
  all: boolean,
): string {
  const applied = [...now];
  const plays = new Set(applied.map(({ play }) => play));
  const kept = [...before.values()].filter(({ play }) => !all || !plays.has(play));
  const full = linesOf([...kept, ...applied]);
  if (full.length <= largestShownFile) return full;
  const parts = new Set(applied.flatMap(({ isPart, key }) => (isPart ? [key] : [])));
  const short = linesOf([...kept, ...applied].filter(({ key }) => !parts.has(key)));
  return short.length <= largestShownFile ? short : '';
}

function linesOf(digests: readonly Digests[]): string {
  return [...new Map(digests.map((each) => [each.key, each])).values()]
    .map(({ key, play, params, content }) => `${key} ${play} ${params} ${content ?? '-'}\n`)
    .sort()
    .join('');
}

/** A script that puts the file in place. */
export function writeLastApplied(text: string): string {
  return `(umask 077; mkdir -p ${quote(lastAppliedFile.replace(/\/[^/]*$/, ''))}; printf %s ${quote(text)} > ${lastAppliedFile}.new && mv -f ${lastAppliedFile}.new ${lastAppliedFile})`;
}
