import type { Completed, Outline } from './outline.ts';

/** A script for zsh, as a file `_drover` in its `fpath` or sourced: words, options and files, with what they are. */
export function zshScript(outlines: readonly Outline[]): string {
  return `#compdef drover
# Completion of drover for zsh: source <(drover completion zsh)
${outlines.map((outline) => (outline.below.length > 0 ? group(outline) : leaf(outline))).join('\n')}
if [[ $funcstack[1] == _drover ]]; then _drover "$@"; else compdef _drover drover; fi
`;
}

const functionOf = (path: string) => (path === '' ? '_drover' : `_drover_${path.replaceAll(/[ -]/g, '_')}`);
/** Within single quotes. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
/** Within brackets, or before a colon. */
const inSpec = (text: string) => text.replaceAll(/[[\\\]:]/g, '\\$&');

function leaf({ path, options, arguments: taken }: Outline): string {
  const lines = [
    ...options.map(optionSpec),
    ...taken.map(({ name, value, isLast }, index) =>
      quoted(`${isLast ? '*' : String(index + 1)}:${inSpec(name)}:${actionOf(value)}`),
    ),
  ];
  return `${functionOf(path)}() {
  _arguments -s \\
    ${lines.join(' \\\n    ')}
}`;
}

function optionSpec({ flags, text, value, isRepeated }: Outline['options'][number]): string {
  const what = `[${inSpec(text)}]${value === undefined ? '' : `:value:${actionOf(value)}`}`;
  const others = isRepeated ? quoted('*') : quoted(`(${flags.join(' ')})`);
  return flags.length > 1
    ? `${others}{${flags.join(',')}}${quoted(what)}`
    : `${others}${quoted(`${flags[0] ?? ''}${what}`)}`;
}

function actionOf(value: Completed): string {
  if (value === 'file') return '_files';
  return value === 'unknown' ? ' ' : `(${value.join(' ')})`;
}

/** Offers the verbs below, then does as the one that was chosen. */
function group({ path, below, options }: Outline): string {
  const verbs = below.map(({ name, summary }) => quoted(`${name}:${inSpec(summary)}`));
  const cases = below
    .filter(({ name }) => name !== 'help')
    .map(({ name }) => `        ${name}) ${functionOf(path === '' ? name : `${path} ${name}`)} ;;`);
  return `${functionOf(path)}() {
  local context state line curcontext=$curcontext
  local -a verbs=(
    ${verbs.join('\n    ')}
  )
  _arguments -C \\
    ${options.map(optionSpec).join(' \\\n    ')} \\
    '1: :->verb' '*:: :->rest'
  case $state in
    verb) _describe -t verbs verb verbs ;;
    rest)
      case $line[1] in
${cases.join('\n')}
      esac
      ;;
  esac
}`;
}
