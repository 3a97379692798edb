import { createHash } from 'node:crypto';
import { holdsSecret } from '../../core/secrets.ts';
import { pathOf, type TreeEntry } from '../../core/source.ts';
import { largestShownFile, needContent, needDigest } from '../../facts/content.ts';
import type { Need } from '../../facts/need.ts';
import type { ModuleContext } from '../../modules/define-module.ts';
import { quote } from '../../shell/quote.ts';
import type { Instance } from '../tasks/instance.ts';
import type { TaskReport } from '../tasks/outcome.ts';

/** Where a host keeps what its tasks wanted when they were last carried out: digests, none of a secret. */
const wantedFile = '/var/lib/drover/wanted';

/** The file as a fact. */
export const needWanted = needContent(wantedFile);

/** What a task wanted of a host. */
export interface Wanted {
  /** Of the task and its item, in its play. */
  readonly key: string;
  readonly play: string;
  /** Digest of the parameters, secrets as placeholders. */
  readonly params: string;
  /** Begin of the SHA-256 of the file or folder that it writes; undefined where it writes none, or one with secrets. */
  readonly content: string | undefined;
  /** It is of one path of a folder. */
  readonly isPart?: true;
}

/** Parameters of tasks that write files. */
interface FileParams {
  readonly dest?: unknown;
  readonly content?: unknown;
  readonly tree?: readonly TreeEntry[];
}

// Enough that two of a host's thousands do not meet by chance.
const digits = 16;

/** What a task wants, and of a folder that it brings, of each path in it. */
export interface TaskWanted {
  readonly own: Wanted;
  readonly paths: ReadonlyMap<string, Wanted>;
}

/** What the tasks of these reports want of a host, in the order of the run. */
export function wantedOf(
  reports: readonly TaskReport[],
  host: string,
  context: ModuleContext,
): Map<Instance, TaskWanted> {
  const found = new Map<Instance, TaskWanted>();
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
      const paths = (tree ?? []).map((entry): [string, Wanted] => [
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

/** The file that a task writes as a whole, unless secrets are in it. */
export function writtenFile({ bound }: Instance) {
  const { dest, content } = bound.params as FileParams;
  if (typeof dest !== 'string' || typeof content !== 'string' || holdsSecret(content)) return undefined;
  return {
    need: needBegin(dest),
    digest: (context: ModuleContext) => context.digest(content).slice(0, digits),
  };
}

/** Begin of the SHA-256 of what is in a file, as it is noted. */
export function needBegin(path: string): Need<string | undefined> {
  const need = needDigest(path);
  return { ...need, parse: (records) => need.parse(records)?.slice(0, digits) };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

/** Reads the file; a line that is none counts as not there. */
export function parseWanted(text: string | undefined): Map<string, Wanted> {
  return new Map(
    (text ?? '').split('\n').flatMap((line) => {
      const [key, play, params, content] = line.split(' ');
      if (!key || !play || !params || !content) return [];
      return [[key, { key, play, params, content: content === '-' ? undefined : content }]];
    }),
  );
}

/**
 * The file after a run: what its tasks wanted takes the place of what was there. After a run of `all` tasks those
 * that its plays no longer have are left out. Of more than a fact brings back first the paths of folders are left out,
 * and then nothing is kept.
 */
export function renderWanted(
  before: ReadonlyMap<string, Wanted>,
  now: Iterable<Wanted>,
  all: boolean,
): string {
  const wanted = [...now];
  const plays = new Set(wanted.map(({ play }) => play));
  const kept = [...before.values()].filter(({ play }) => !all || !plays.has(play));
  const full = linesOf([...kept, ...wanted]);
  if (full.length <= largestShownFile) return full;
  const parts = new Set(wanted.flatMap(({ isPart, key }) => (isPart ? [key] : [])));
  const short = linesOf([...kept, ...wanted].filter(({ key }) => !parts.has(key)));
  return short.length <= largestShownFile ? short : '';
}

function linesOf(wanted: readonly Wanted[]): string {
  return [...new Map(wanted.map((each) => [each.key, each])).values()]
    .map(({ key, play, params, content }) => `${key} ${play} ${params} ${content ?? '-'}\n`)
    .sort()
    .join('');
}

/** A script that puts the file in place. */
export function writeWanted(text: string): string {
  return `(umask 077; mkdir -p ${quote(wantedFile.replace(/\/[^/]*$/, ''))}; printf %s ${quote(text)} > ${wantedFile}.new && mv -f ${wantedFile}.new ${wantedFile})`;
}
