import type { DriftCause } from '../engine/drift/drift.ts';
import type { ShownChange } from '../engine/events.ts';
import { diffLines } from '../plan/diff-lines.ts';
import { colourDiff, describeChange } from './plan-text.ts';
import type { Paint } from './style.ts';

interface Item {
  readonly host: string;
  readonly play: string;
  readonly task: string;
  readonly item?: string;
  readonly changes: readonly (ShownChange & { readonly last?: { run: string; time: string } })[];
  readonly causes: readonly DriftCause[];
}

const groups: readonly { readonly title: string; readonly causes: readonly DriftCause[] }[] = [
  { title: 'changed on the host, since drover has set it', causes: ['host'] },
  {
    title: 'changed on the host, and in the inventory, the playbook or a template',
    causes: ['host', 'inventory'],
  },
  {
    title: 'changed in the inventory, the playbook or a template, and not applied yet',
    causes: ['inventory'],
  },
  { title: 'never applied by drover', causes: ['new'] },
  { title: 'run each time', causes: ['always'] },
];

/** Pending changes as text, by cause. */
export function formatDrift(items: readonly Item[], paint: Paint, withDiff: boolean): string {
  const out: string[] = [];
  const shown = new Set<Item>();
  const add = (title: string, own: readonly Item[]) => {
    if (own.length === 0) return;
    out.push(...(out.length === 0 ? [] : ['']), paint('bold', title));
    for (const item of own) {
      shown.add(item);
      out.push(...formatItem(item, paint, withDiff));
    }
  };
  for (const { title, causes } of groups) {
    add(
      title,
      items.filter((item) => item.changes.length > 0 && sameCauses(item.causes, causes)),
    );
  }
  // Changes with several of the above causes.
  add(
    'following from several of these',
    items.filter((item) => item.changes.length > 0 && !shown.has(item)),
  );
  add(
    'to be known only after these changes',
    items.filter((item) => item.changes.length === 0),
  );
  return out.join('\n');
}

function sameCauses(one: readonly DriftCause[], other: readonly DriftCause[]): boolean {
  return one.length === other.length && other.every((cause) => one.includes(cause));
}

function formatItem({ host, play, task, item, changes }: Item, paint: Paint, withDiff: boolean): string[] {
  const where = paint('dim', `[${play}: ${task}${item === undefined ? '' : `: ${item}`}]`);
  if (changes.length === 0) return [`  ${host}: ${where}`];
  return changes.flatMap((change) => {
    const { last } = change;
    return [
      `  ${host}: ${describeChange(change)}  ${where}`,
      ...(last
        ? [`      last set by run ${last.run} on ${last.time.slice(0, 16).replace('T', ' ')} UTC`]
        : []),
      ...(withDiff ? diffLines(change).map((line) => `      ${colourDiff(line, paint)}`) : []),
    ];
  });
}
