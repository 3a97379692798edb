import * as z from 'zod';
import { needDaemonReload, needUnit, unitName } from '../../facts/unit.ts';
import { changed, changeFields, outdate, predict, type Verdict } from '../../plan/change.ts';
import { run } from '../../plan/operation.ts';
import { quote } from '../../shell/quote.ts';
import { defineModule } from '../define-module.ts';
import { isTemplate, unitFile } from '../params.ts';
import { applyFile, diffFile, FileChange, needsOfFile, revertFile, writesOfFile } from '../file-content.ts';

const Params = z.strictObject({
  name: unitFile.transform(unitName).describe('The unit: `patroni` is `patroni.service`.'),
  dropin: z
    .string()
    .regex(/^[\w.@-]+$/, 'must be a plain name')
    .optional()
    .describe(
      'Name of a drop-in: its settings are added to the unit’s own. Without it `content` is the whole unit.',
    ),
  content: z.string().describe('The text of the file.'),
});

const SystemdUnitChange = z.strictObject({
  ...changeFields,
  unit: z.string(),
  wholeUnit: z.boolean(),
  file: FileChange.optional(),
});
type SystemdUnitChange = z.infer<typeof SystemdUnitChange>;

function pathOf({ name, dropin }: z.infer<typeof Params>): string {
  const folder = '/etc/systemd/system';
  return dropin === undefined
    ? `${folder}/${name}`
    : `${folder}/${name}.d/${dropin.replace(/\.conf$/, '')}.conf`;
}

export const systemdUnit = defineModule({
  name: 'systemd_unit',
  docs: {
    summary: 'Writes a systemd unit, or settings that are added to one, and has systemd read it.',
    example: `- systemd_unit:
    name: etcd
    dropin: drover
    content: |
      [Service]
      Restart=on-failure`,
  },
  params: Params,
  change: SystemdUnitChange,
  needs: (params, context) => ({
    ...needsOfFile(pathOf(params), context.digest(params.content)),
    // systemd reads a template's file with each of its instances.
    stale: isTemplate(params.name) ? [] : [needDaemonReload(params.name)],
  }),
  diff({ stale, ...facts }, params, context): Verdict<SystemdUnitChange> {
    const wholeUnit = params.dropin === undefined;
    const file = diffFile(facts, { dest: pathOf(params), content: params.content, mode: '644' }, context);
    if (file.state === 'changes') {
      return changed(
        ...file.changes.map((change) => {
          const { action, resource, detail, before, after } = change;
          const texts = {
            ...(before === undefined ? {} : { before }),
            ...(after === undefined ? {} : { after }),
          };
          return {
            action,
            resource,
            ...(detail === undefined ? {} : { detail }),
            ...texts,
            unit: params.name,
            wholeUnit,
            file: change,
          };
        }),
      );
    }
    if (file.state !== 'in-sync') return file;
    // The file may have been put in place by a run that ended before systemd read it.
    return stale[0]
      ? changed({
          action: 'reload',
          resource: 'systemd',
          reason: `the files of ${params.name} changed`,
          unit: params.name,
          wholeUnit,
        })
      : file;
  },
  apply: ({ file }) => [
    ...(file ? [run(`mkdir -p ${quote(file.resource.replace(/\/[^/]*$/, ''))}`), ...applyFile(file)] : []),
    run('systemctl daemon-reload'),
  ],
  revert: ({ file }, context) => (file ? [...revertFile(file, context), run('systemctl daemon-reload')] : []),
  writes: ({ file, unit, wholeUnit }, context) => [
    ...(file ? writesOfFile(file, context) : []),
    ...(isTemplate(unit)
      ? []
      : [
          ...(wholeUnit || !file ? [outdate(needUnit(unit))] : []),
          predict(needDaemonReload(unit), [['no']]),
        ]),
  ],
  aim: (params) => pathOf(params),
});
