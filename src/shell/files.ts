import { quote } from './quote.ts';

interface Attributes {
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
}

/** A file to put in place. */
export interface FileToWrite extends Attributes {
  readonly path: string;
  readonly content: string;
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
    `printf %s ${quote(content)} > "$t"`,
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
  return `${call} >&2 || { echo 'the new file was refused by its validation; the former one stays' >&2; exit 65; }`;
}

/** chown before chmod: chown clears the set-id bits. */
export function attributes({ mode, owner, group }: Attributes, target: string): string {
  return `chown -- ${quote(`${owner}:${group}`)} ${target}\nchmod ${mode} -- ${target}`;
}
