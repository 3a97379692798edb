import type { ClusterView } from '../cluster/view.ts';
import type { Emit } from '../engine/events.ts';

/** Says who waits for a restart. */
export function tellPending({ members }: ClusterView, emit: Emit): void {
  const names = members.filter(({ pendingRestart }) => pendingRestart).map(({ name }) => name);
  if (names.length === 0) return;
  emit({
    type: 'warning',
    message: `${names.join(', ')} ${names.length === 1 ? 'waits' : 'wait'} for a restart of PostgreSQL`,
    hint: 'drover restart makes them, one after the other',
  });
}
