import { InvalidInputError } from '../core/errors.ts';

/** Of a plan, what there is to compare. */
interface Planned {
  readonly reports: readonly {
    readonly host: string;
    readonly instances: readonly {
      readonly outcome: {
        readonly changes: readonly { readonly action: string; readonly resource: string }[];
      };
    }[];
  }[];
}

/** The changes that two plans have in common, as `host: action resource`, but for those on one host. */
export function changesInBoth(one: Planned, other: Planned, except: string): string[] {
  const also = new Set(changesIn(other));
  return changesIn(one).filter((change) => also.has(change) && !change.startsWith(`${except}: `));
}

function changesIn({ reports }: Planned): string[] {
  return reports.flatMap(({ host, instances }) =>
    instances.flatMap(({ outcome }) =>
      outcome.changes.map(({ action, resource }) => `${host}: ${action} ${resource}`),
    ),
  );
}

/**
 * Refuses a removal while the inventory asks for something else as well: what is to change with the host as without it
 * would be rolled out along with it.
 */
export function refusePending(staying: Planned | undefined, leaving: Planned, name: string): void {
  const pending = staying ? changesInBoth(staying, leaving, name) : [];
  if (pending.length === 0) return;
  const more = pending.length > 5 ? `\n  and ${pending.length - 5} more` : '';
  const list = pending
    .slice(0, 5)
    .map((change) => `  ${change}`)
    .join('\n');
  throw new InvalidInputError([
    {
      message: `the inventory holds changes that have nothing to do with ${name}, and would be rolled out along with its removal:\n${list}${more}`,
      hint: 'drover provision rolls them out first (--skip-unreachable leaves out what is dead); drover plan shows them',
    },
  ]);
}
