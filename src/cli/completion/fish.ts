import type { Completed, Outline } from './outline.ts';

/** A script for fish: words, options and files, with what they are. */
export function fishScript(outlines: readonly Outline[]): string {
  const paths = outlines.flatMap(({ path }) => (path === '' ? [] : [quoted(path)]));
  return `# Completion of drover for fish: drover completion fish | source
function __drover_at
    set -l verb ''
    for word in (commandline -opc)[2..]
        set -l next (string trim -- "$verb $word")
        contains -- "$next" ${paths.join(' ')}; and set verb "$next"
    end
    test "$verb" = "$argv[1]"
end
complete -c drover -f
${outlines.flatMap(lines).join('\n')}
`;
}

const quoted = (text: string) => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;

function lines({ path, below, options, arguments: taken }: Outline): string[] {
  const here = `complete -c drover -n ${quoted(`__drover_at ${quoted(path)}`)}`;
  return [
    ...below.map(({ name, summary }) => `${here} -a ${quoted(name)} -d ${quoted(summary)}`),
    ...options.map(({ flags, text, value }) =>
      [
        here,
        ...flags.map(nameOf),
        ...(value === undefined ? [] : ['-x', ...offer(value)]),
        `-d ${quoted(text)}`,
      ].join(' '),
    ),
    ...taken.flatMap(({ value }) => offer(value).map((words) => `${here} ${words}`)),
  ];
}

function nameOf(flag: string): string {
  return flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`;
}

function offer(value: Completed): string[] {
  if (value === 'unknown') return [];
  return value === 'file' ? ["-a '(__fish_complete_path)'"] : [`-a ${quoted(value.join(' '))}`];
}
