import type { HttpAnswer, HttpRequest } from '../clients/http.ts';
import { UnreachableError } from '../core/errors.ts';
import type { Fleet } from '../engine/hosts/fleet.ts';

/** Sends a request from a host; a host that is gone is silence. `answerWithin` is in seconds. */
export async function ask(
  fleet: Fleet,
  host: string,
  request: HttpRequest,
  answerWithin?: number,
): Promise<HttpAnswer> {
  if (!fleet.has(host))
    return { answered: false, reason: fleet.unreachable.get(host)?.message ?? 'not reachable' };
  try {
    return await fleet.http(fleet.get(host), request, answerWithin);
  } catch (error) {
    if (error instanceof UnreachableError) return { answered: false, reason: error.message };
    throw error;
  }
}
