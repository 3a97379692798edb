import { rememberLast } from '../core/memo.ts';
import { quote, quoteAll } from './quote.ts';

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
  /** Keep the former file under its name with a time stamp. */
  readonly backup?: boolean | undefined;
}

/** Holds each file that drover has replaced as it was before, under its own path. */
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
    ...(validate === undefined ? [] : [validation(validate)]),
    ...(backup ? ['[ ! -e "$f" ] || cp -p -- "$f" "$f.$(date +%Y-%m-%d.%H:%M:%S)~"'] : []),
    // Root's files only: nobody else may write there.
    `[ ! -f "$f" ] || [ ! -w /var/lib ] || { p=${formerFolder}$f; (umask 077; mkdir -p -- "\${p%/*}"; cp -p -- "$f" "$p"); }`,
    'mv -fT -- "$t" "$f"',
    'trap - EXIT',
  ].join('\n');
}

/**
 * Makes many folders, those above first, and files where nothing is yet. Each file appears whole, as with `writeFile`,
 * but one process serves them all: it comes to some twenty for a thousand files, instead of ten for each. No file is in
 * place yet when an owner is refused, and then none of these folders is left.
 */
export const writeNew = rememberLast((made: readonly (NewFolder | NewFile)[]): string => {
  const folders = made.filter((each) => !isFile(each));
  const files = made.filter(isFile);
  const paths = folders.map(({ path }) => path);
  const groups = groupBy(files, ({ path }) => folderOf(path));
  const stages = new Map(groups.flatMap((group, index) => group.map((file) => [file, `"$s${index}"`])));
  const staged = (file: NewFile) => `${stages.get(file) ?? ''}/${quote(nameOf(file.path))}`;
  const takeBack =
    paths.length === 0 ? '' : `; [ $s = 0 ] || rmdir -- ${quoteAll(paths.toReversed())} 2>/dev/null || :`;
  return [
    // Nobody guesses it, and mkdir takes none that is there already: what mktemp does, without a process.
    'read -r u </proc/sys/kernel/random/uuid',
    ...groups.map((group, index) => `s${index}=${quote(`${folderNameOf(group)}/.drover.`)}$u`),
    `set -- ${groups.map((_, index) => `"$s${index}"`).join(' ')}`,
    `trap ${quote(`s=$?; rm -rf -- "$@"${takeBack}`)} EXIT`,
    ...(paths.length === 0 ? [] : [`mkdir -p -- ${quoteAll(paths)}`]),
    ...allAttributes(folders, ({ path }) => quote(path)),
    ...(files.length === 0 ? [] : putFiles(files, groups, staged)),
  ].join('\n');
}, 1);

function isFile(made: NewFolder | NewFile): made is NewFile {
  return 'content' in made;
}

function putFiles(
  files: readonly NewFile[],
  groups: readonly (readonly NewFile[])[],
  staged: (file: NewFile) => string,
): string[] {
  return [
    'umask 077',
    // Not by the umask alone: a default ACL of the folder above would take its place.
    'mkdir -m 700 -- "$@"',
    ...groups.map((group, index) => {
      const writes = group.map((file) => `printf %s ${quote(file.content)} > ${staged(file)}`);
      return `${writes.join(' &&\n')} || ${explainWrite(`a file in \${s${index}%/*}`, `"$s${index}"/.drover`)}`;
    }),
    ...allAttributes(files, staged),
    `perl -e ${quote(moveUp)} -- "$@"`,
  ];
}

/** Moves what is in each folder to the one above. One process for all of them; Perl is Essential. */
const moveUp = `for my $stage (@ARGV) {
  my ($folder) = $stage =~ m{(.*)/}s; opendir my $names, $stage or die "$stage: $!\\n";
  for (readdir $names) { next if /^\\.\\.?\\z/; rename "$stage/$_", "$folder/$_" or die "$folder/$_: $!\\n" }
}`;

/** Makes a folder, and those above it, unless it is there. When its owner is refused it is not left. */
export function writeFolder(folder: NewFolder): string {
  const path = quote(folder.path);
  const takeBack = quote(`rmdir -- ${path} 2>/dev/null`);
  return `[ -d ${path} ] || { mkdir -p -- ${path}; trap ${takeBack} EXIT; }\n${attributes(folder, path)}\ntrap - EXIT`;
}

function allAttributes<T extends Attributes>(made: readonly T[], place: (each: T) => string): string[] {
  const groups = groupBy(made, ({ owner, group, mode }) => JSON.stringify([owner, group, mode]));
  return groups.flatMap((group) => (group[0] ? [attributes(group[0], group.map(place).join(' '))] : []));
}

/** dash's printf says no more than "I/O error": why the disk takes nothing, another writer says. */
function explainWrite(what: string, target: string): string {
  return `{ e=$(head -c 65536 /dev/zero 2>&1 >> ${target}) || :
echo "${what} cannot be written: \${e##*: }; what was there stays. Look at df -h, make room, and run it again" >&2; exit 1; }`;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function folderNameOf(group: readonly NewFile[]): string {
  return folderOf(group[0]?.path ?? '');
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
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
${isNew ? 'rm -f -- "$f"' : `cp -p -- "${formerFolder}$f" "$f.drover"\nmv -fT -- "$f.drover" "$f"`}`;
}

function validation(command: string): string {
  const call = command.replaceAll('%s', '"$t"');
  return `${call} >&2 || { echo "the new $f was refused by its validation; what was there stays" >&2; exit 65; }`;
}

/** chown before chmod: chown clears the set-id bits. */
export function attributes({ mode, owner, group }: Attributes, target: string): string {
  return `chown -- ${quote(`${owner}:${group}`)} ${target}\nchmod ${mode} -- ${target}`;
}
