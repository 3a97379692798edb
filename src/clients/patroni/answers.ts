import { refusalOf } from '../etcd.ts';
import type { HttpAnswer } from '../http.ts';

/** What an answer to an order means; but for `refused` and `failed`, the cluster shows how it ended. */
export interface Meaning {
  readonly kind:
    | 'done'
    /** There was nothing to do: somebody else has done it, or the member is not what it was taken for. */
    | 'unnecessary'
    /** It may be under way: the answer came too soon, or got lost. */
    | 'unclear'
    /** It was begun, and has failed. */
    | 'failed'
    /** Nothing was begun. */
    | 'refused';
  /** The answer, for people. */
  readonly said: string;
}

/**
 * Of POST /restart, which answers when the restart is over. 503 says that conditions are not satisfied, that another
 * action is in progress, that PostgreSQL is still starting when the time is up, or that the restart failed.
 */
export function meaningOfRestart(answer: HttpAnswer): Meaning {
  const said = refusalOf(answer);
  if (!answer.answered) return { kind: hasNoListener(answer.reason) ? 'refused' : 'unclear', said };
  if (answer.status === 200) return { kind: 'done', said };
  if (answer.status !== 503) return { kind: 'refused', said };
  if (answer.body.includes('conditions are not satisfied')) return { kind: 'unnecessary', said };
  return { kind: hasFailed(answer.body) ? 'failed' : 'unclear', said };
}

/**
 * Of POST /switchover and /failover, which answer when another leads. 503 says that it failed, that its end was not seen
 * in time, or that it could not be written down, 202 that it is to come.
 */
export function meaningOfHandover(answer: HttpAnswer): Meaning {
  const said = refusalOf(answer);
  if (!answer.answered) return { kind: hasNoListener(answer.reason) ? 'refused' : 'unclear', said };
  if (answer.status === 200) return { kind: 'done', said };
  if (answer.status !== 202 && answer.status !== 503) return { kind: 'refused', said };
  // A write to the DCS that was given up may have got there.
  const failed = hasFailed(answer.body) || answer.body.startsWith('failed to write');
  return { kind: failed ? 'failed' : 'unclear', said };
}

/** Silence of which it is certain that nothing has reached Patroni. */
function hasNoListener(reason: string): boolean {
  return /connection refused/i.test(reason);
}

function hasFailed(body: string): boolean {
  return /(^|\s)failed$/.test(body.trim());
}
