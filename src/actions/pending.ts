import type { ClusterView } from '../cluster/view.ts';
import type { Emit } from '../engine/events.ts';

/** Reports which members have a restart pending. */
export function reportPending({ members }: ClusterView, emit: Emit): void {
  const names = members.filter(({ pendingRestart }) => pendingRestart).map(({ name }) => name);
  if (names.length === 0) return;
  emit({
    type: 'warning',
    message: `${names.join(', ')} ${names.length === 1 ? 'waits' : 'wait'} for a restart of PostgreSQL`,
    hint: 'drover restart makes them, one after the other',
  });
}
