import { memoizeLast } from '../core/memo.ts';
import { portionsOf, quote, quoteAll } from './quote.ts';

interface Attributes {
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
}

/** A folder to be made. */
export interface NewFolder extends Attributes {
  readonly path: string;
}

/** A file to be made. */
export interface NewFile extends NewFolder {
  readonly content: string;
}

/** A file to put in place. */
export interface FileToWrite extends NewFile {
  /** A command that checks the new file before it replaces the old one; `%s` is its name. */
  readonly validate?: string | undefined;
  /** Keep the previous file under its name with a time stamp, which no other has. */
  readonly backup?: boolean | undefined;
}

/** Holds the previous version of each file that drover replaced, under its own path. */
const formerFolder = '/var/lib/drover/former';

/**
 * Writes a file beside its place, gives it owner and mode, checks it, and renames it into place: readers see the
 * old file or the new one, and a full disk leaves the old one alone. The content is in no argument list.
 */
export function writeFile(file: FileToWrite): string {
  const { path, content, validate, backup } = file;
  return [
    `f=${quote(path)}`,
    'd=${f%/*}; t=$(umask 077; mktemp -- "${d:-/}/.${f##*/}.drover.XXXXXX")',
    `trap 'rm -f -- "$t"' EXIT`,
    `printf %s ${quote(content)} > "$t" || ${explainWrite('$f', '"$t"')}`,
    attributes(file, '"$t"'),
    ...(validate === undefined ? [] : ['export t', validation(validate)]),
    ...(backup ? ['[ ! -e "$f" ] || cp -p -- "$f" "$f.$(date +%N.%Y-%m-%d@%H:%M:%S~)"'] : []),
    // Only root's files: nobody else can write there.
    `{ [ ! -f "$f" ] && [ ! -L "$f" ]; } || [ ! -w /var/lib ] || { p=${formerFolder}$f; (umask 077; mkdir -p -- "\${p%/*}"; cp -pP --remove-destination -- "$f" "$p"); }`,
    'mv -fT -- "$t" "$f"',
    'trap - EXIT',
  ].join('\n');
}

/**
 * Makes folders, those above first, and files where nothing is yet. All is made aside, in a folder of its own beside
 * its place, and moved there once it has its owner, mode and content: nobody sees half of it, a host that loses its power
 * has it whole or not at all, and nothing is left when an owner is refused or the disk is full. It takes some twenty
 * processes for a thousand files, where `writeFile` takes ten for each.
 */
export const writeNew = memoizeLast((made: readonly (NewFolder | NewFile)[]): string => {
  const folders = made.filter((each) => !isFile(each));
  const files = made.filter(isFile);
  const within = findPlaces(folders, files);
  const stages = new Map([...new Set(within.values())].map((place, index) => [place, `s${index}`]));
  const staged = (path: string) => {
    const place = within.get(path) ?? '';
    return `"$${stages.get(place) ?? ''}"/${quote(path.slice(place.length + 1))}`;
  };
  const paths = folders.map(({ path }) => path);
  const above = new Set(paths.map((path) => within.get(path) ?? ''));
  return [
    // Nobody guesses it, and mkdir takes none that is there already: what mktemp does, without a process.
    'read -r u </proc/sys/kernel/random/uuid',
    ...[...stages].map(([place, stage]) => `${stage}=${quote(`${place}/.drover.`)}$u`),
    `set -- ${[...stages.values()].map((stage) => `"$${stage}"`).join(' ')}`,
    `trap 'rm -rf -- "$@"' EXIT`,
    ...portionsOf([...above]).map((some) => `mkdir -p -- ${quoteAll(some.map((path) => `${path}/.`))}`),
    // Not by the umask alone: a default ACL of the folder above would take its place.
    'mkdir -m 700 -- "$@"',
    ...portionsOf(paths).map((some) => `mkdir -p -- ${some.map(staged).join(' ')}`),
    ...putContents(files, (file) => stages.get(within.get(file.path) ?? '') ?? '', staged),
    ...allAttributes(files, staged),
    // Last, and those below first: its mode may keep out who made it.
    ...allAttributes(folders.toReversed().map(asFolder), staged),
    `perl -e ${quote(moveUp)} -- "$@"`,
  ].join('\n');
});

function isFile(made: NewFolder | NewFile): made is NewFile {
  return 'content' in made;
}

/** For each path the folder that is there already, or is none of these: of a new folder all moves as one. */
function findPlaces(folders: readonly NewFolder[], files: readonly NewFile[]): Map<string, string> {
  const places = new Map<string, string>();
  const isNew = new Set(folders.map(({ path }) => path));
  for (const { path } of [...folders, ...files]) {
    let place = folderOf(path);
    for (let above = place; above !== ''; above = folderOf(above))
      if (isNew.has(above)) place = folderOf(above);
    places.set(path, place);
  }
  return places;
}

function putContents(
  files: readonly NewFile[],
  stageOf: (file: NewFile) => string,
  staged: (path: string) => string,
): string[] {
  return groupBy(files, stageOf).map((group) => {
    const writes = group.map((file) => `printf %s ${quote(file.content)} > ${staged(file.path)}`);
    const stage = group[0] ? stageOf(group[0]) : '';
    return `${writes.join(' &&\n')} || ${explainWrite(`a file in \${${stage}%/*}`, `"$${stage}"/.drover`)}`;
  });
}

/** Moves what is in each folder to the one above, into folders that came to be meanwhile. Perl is Essential. */
const moveUp = `sub up {
  my ($from, $to) = @_;
  opendir my $names, $from or die "$from: $!\\n";
  for (readdir $names) {
    next if /^\\.\\.?\\z/ || rename "$from/$_", "$to/$_";
    my $why = $!;
    -d "$from/$_" && -d "$to/$_" or die "$to/$_: $why\\n";
    up("$from/$_", "$to/$_");
  }
}
for (@ARGV) { m{(.*)/}s; up($_, $1) }`;

/** Makes a folder, and those above it: aside, and in place with its owner and mode. One that is there gets those. */
export function writeFolder(folder: NewFolder): string {
  return [
    `d=${quote(folder.path)}; t=$d`,
    '[ -d "$d" ] || { mkdir -p -- "${d%/*}/."; t=$(mktemp -d -- "${d%/*}/.${d##*/}.drover.XXXXXX"); }',
    `[ "$t" = "$d" ] || trap 'rmdir -- "$t"' EXIT`,
    attributes(asFolder(folder), '"$t"'),
    '[ "$t" = "$d" ] || mv -T -- "$t" "$d"',
    'trap - EXIT',
  ].join('\n');
}

/** A mode of five digits takes away the set-id bits, too, that a folder has from the one above (chmod(1)). */
function asFolder(folder: NewFolder): NewFolder {
  return { ...folder, mode: folder.mode.padStart(5, '0') };
}

function allAttributes(made: readonly NewFolder[], staged: (path: string) => string): string[] {
  const groups = groupBy(made, ({ owner, group, mode }) => JSON.stringify([owner, group, mode]));
  return groups.flatMap((group) =>
    portionsOf(group.map(({ path }) => path)).flatMap((paths) =>
      group[0] ? [attributes(group[0], paths.map(staged).join(' '))] : [],
    ),
  );
}

/** dash's printf says no more than "I/O error": why the disk takes nothing, another writer says. */
function explainWrite(what: string, target: string): string {
  return `{ e=$(head -c 65536 /dev/zero 2>&1 >> ${target}) || :
echo "${what} cannot be written: \${e##*: }; what was there stays. Look at df -h, make room, and run it again" >&2; exit 1; }`;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return [...groups.values()];
}

/**
 * Puts the file back that `writeFile` has replaced, or takes the one away that it has made. A file that is not the
 * one it wrote, by its SHA-256, is left alone.
 */
export function restoreFile(path: string, written: string, isNew: boolean): string {
  return `f=${quote(path)}
[ -f "$f" ] && [ "$(sha256sum < "$f")" = '${written}  -' ] || exit 0
${isNew ? 'rm -f -- "$f"' : `cp -pP --remove-destination -- "${formerFolder}$f" "$f.drover"\nmv -fT -- "$f.drover" "$f"`}`;
}

// Within quotes of the command's own, too, the name is found: a shell in there has it as a variable.
function validation(command: string): string {
  const call = command.replaceAll('%s', '"$t"');
  return `${call} >&2 || { echo "the new $f was refused by its validation; what was there stays" >&2; exit 65; }`;
}

/** chown before chmod: chown clears the set-id bits. */
export function attributes({ mode, owner, group }: Attributes, target: string): string {
  return `chown -- ${quote(`${owner}:${group}`)} ${target}\nchmod ${mode} -- ${target}`;
}
