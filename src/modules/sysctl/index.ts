import * as z from 'zod';
import { needSysctl } from '../../facts/kernel.ts';
import { changed, changeFields, outdate, refused, type Verdict } from '../../plan/change.ts';
import { run } from '../../plan/operation.ts';
import { quote } from '../../shell/quote.ts';
import { defineModule } from '../define-module.ts';
import { applyFile, diffFile, FileChange, needsOfFile, writesOfFile } from '../file-content.ts';
import { refuseEdit } from '../file-edit.ts';
import { absolutePath, text } from '../params.ts';
import { inDirectory } from '../presumptions.ts';

const SysctlChange = z.strictObject({
  ...changeFields,
  file: FileChange.optional(),
  value: z.string().optional(),
});

/** The file's text with the parameter set in its place, or without it; all other lines stay as they are. */
function setLine(content: string, name: string, value: string | undefined): string {
  const lines = content === '' ? [] : content.replace(/\n$/, '').split('\n');
  const isOurs = (line: string) => line.split('=')[0]?.trim() === name;
  const place = lines.findIndex(isOurs);
  const current = lines[place]?.replace(/^[^=]*=/, '');
  const kept =
    value === undefined
      ? []
      : [
          current !== undefined && normalise(current) === normalise(value)
            ? (lines[place] ?? '')
            : `${name} = ${value}`,
        ];
  const wanted = lines.filter((line) => !isOurs(line));
  wanted.splice(place < 0 ? wanted.length : place, 0, ...kept);
  if (wanted.join('\n') === lines.join('\n')) return content;
  return wanted.length === 0 ? '' : `${wanted.join('\n')}\n`;
}

export const sysctl = defineModule({
  name: 'sysctl',
  docs: {
    summary: 'Sets a kernel parameter, now and at every boot.',
    differences: [
      'The default file is /etc/sysctl.d/90-drover.conf; `sysctl_set` and `reload` are always done.',
      'The file is text in UTF-8. A symbolic link is refused: name the file that it leads to.',
    ],
    example: `- sysctl:
    name: vm.overcommit_memory
    value: "2"`,
  },
  params: z
    .strictObject({
      name: z
        .string()
        .regex(/^[\w./-]+$/, 'is not the name of a kernel parameter')
        .describe('The parameter, such as `vm.overcommit_memory`.'),
      value: text.optional().describe('Its value; several fields are separated by blanks.'),
      state: z
        .enum(['present', 'absent'])
        .default('present')
        .describe('`absent` takes it out of the file; the running kernel keeps its value.'),
      sysctl_file: absolutePath
        .default('/etc/sysctl.d/90-drover.conf')
        .describe('File that sets it at boot.'),
    })
    .refine((params) => params.state === 'absent' || params.value !== undefined, {
      message: 'the value is missing',
      path: ['value'],
    }),
  change: SysctlChange,
  needs: ({ name, sysctl_file: path }) => ({ value: needSysctl(name), ...needsOfFile(path) }),
  diff(
    { value: actual, ...facts },
    { name, value, state, sysctl_file: dest },
    context,
  ): Verdict<z.infer<typeof SysctlChange>> {
    if (state === 'present' && actual === undefined)
      return refused(`the kernel has no parameter ${name}`, 'check its name with sysctl -a');
    const refusal = refuseEdit(dest, facts);
    if (refusal) return refusal;
    const wanted = state === 'present' ? (value ?? '') : undefined;
    const content = setLine(facts.before ?? '', name, wanted);
    const file =
      content === (facts.before ?? '')
        ? undefined
        : diffFile(facts, { dest, content, mode: facts.path?.mode ?? '644' }, context);
    if (file?.state === 'refused') return file;
    const fileChange = file?.state === 'changes' ? file.changes[0] : undefined;
    const stale = wanted !== undefined && normalise(actual ?? '') !== normalise(wanted);
    if (!fileChange && !stale) return changed();
    return changed({
      action: wanted === undefined ? 'remove' : 'set',
      resource: name,
      detail: wanted === undefined ? `from ${dest}` : `${actual ?? ''} -> ${wanted}`,
      ...(fileChange ? { file: fileChange } : {}),
      ...(stale ? { value: wanted } : {}),
    });
  },
  presumes: ({ sysctl_file: path }) => inDirectory(path),
  apply: ({ resource, file, value }) => [
    ...(value === undefined ? [] : [run(`printf '%s\\n' ${quote(value)} > ${quote(procPath(resource))}`)]),
    ...(file ? applyFile(file) : []),
  ],
  writes: ({ resource, file }, context) => [
    outdate(needSysctl(resource)),
    ...(file ? writesOfFile(file, context) : []),
  ],
  aim: ({ name, value }) => `${name} = ${value ?? 'the kernel’s own'}`,
});

function normalise(value: string): string {
  return value.trim().split(/\s+/).join(' ');
}

function procPath(name: string): string {
  const isPath = /[./]/.exec(name)?.[0] === '/';
  return `/proc/sys/${isPath ? name : name.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.'))}`;
}
