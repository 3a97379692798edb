import type { Completed, Outline } from './outline.ts';

/** A script for bash: words, options, and files where a file is due. */
export function bashScript(outlines: readonly Outline[]): string {
  const paths = outlines.flatMap(({ path }) => (path === '' ? [] : [`'${path}'`]));
  return `# Completion of drover for bash: source <(drover completion bash)
_drover() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]}
  local verb= next words= files= index
  for ((index = 1; index < COMP_CWORD; index++)); do
    next="\${verb:+$verb }\${COMP_WORDS[index]}"
    case $next in
      ${paths.join(' | ')}) verb=$next ;;
    esac
  done
  case $verb:$before in
${outlines.flatMap(values).join('\n')}
    *)
      case $verb:$word in
${outlines.map(words).join('\n')}
      esac
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  if [[ $files ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t -O \${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$word")
  fi
}
complete -F _drover drover
`;
}

/** After an option that takes a value. */
function values({ path, options }: Outline): string[] {
  return options.flatMap(({ flags, value }) =>
    value === undefined
      ? []
      : [`    ${flags.map((flag) => `'${path}:${flag}'`).join(' | ')}) ${offer(value)} ;;`],
  );
}

function words({ path, options, below, arguments: taken }: Outline): string {
  const flags = options.flatMap((option) => option.flags);
  const offered = below.length > 0 ? below.map(({ name }) => name) : taken.flatMap(({ value }) => value);
  const plain = offered.filter((value) => value !== 'file' && value !== 'unknown');
  const files = below.length === 0 && offered.includes('file') ? ' files=yes' : '';
  return `        '${path}':-*) words='${flags.join(' ')}' ;;
        '${path}':*) words='${plain.join(' ')}'${files} ;;`;
}

function offer(value: Completed): string {
  if (value === 'file') return 'files=yes';
  return value === 'unknown' ? ':' : `words='${value.join(' ')}'`;
}
