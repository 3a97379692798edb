import type { HttpAnswer, HttpRequest } from '../clients/http.ts';
import { UnreachableError } from '../core/errors.ts';
import type { Fleet } from '../engine/hosts/fleet.ts';
import type { HostRun } from '../engine/hosts/host-run.ts';

/** What work with a host comes to; that of a host which is gone, or was lost meanwhile, comes to what `gone` makes of why. */
export async function reach<T>(
  fleet: Fleet,
  host: string,
  work: (host: HostRun) => Promise<T>,
  gone: (reason: string) => T,
): Promise<T> {
  if (!fleet.has(host)) return gone(fleet.unreachable.get(host)?.message ?? 'not reachable');
  try {
    return await work(fleet.get(host));
  } catch (error) {
    if (error instanceof UnreachableError) return gone(error.message);
    throw error;
  }
}

/** An API, or a database, that is not reached is silent. */
export function silence(reason: string): { readonly answered: false; readonly reason: string } {
  return { answered: false, reason };
}

/** Sends a request from a host. `answerWithin` is in seconds. */
export function ask(
  fleet: Fleet,
  host: string,
  request: HttpRequest,
  answerWithin?: number,
): Promise<HttpAnswer> {
  return reach<HttpAnswer>(fleet, host, (from) => fleet.http(from, request, answerWithin), silence);
}

/** Runs a script on a host as root. */
export function runOn(
  fleet: Fleet,
  host: string,
  script: string,
): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
  return reach<{ status: number; stdout: string; stderr: string }>(
    fleet,
    host,
    (on) => on.run(script, true),
    (reason) => ({ status: 1, stdout: '', stderr: reason }),
  );
}
