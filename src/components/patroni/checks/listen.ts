import type { Diagnostic } from '../../../core/diagnostics.ts';
import { problemIn, type Given } from '../../check.ts';

/** PostgreSQL listens where the other members, HAProxy and drover look for it. */
export function checkListen(given: Given): Diagnostic[] {
  return given.hosts.flatMap((host): Diagnostic[] => {
    const listen = given.value('postgres_listen', host);
    const address = given.value('internal_address', host);
    if (typeof listen !== 'string' || typeof address !== 'string') return [];
    const addresses = listen.split(',').map((part) => part.trim());
    if (addresses.some((each) => ['*', '0.0.0.0', address].includes(each))) return [];
    const message = `postgres_listen leaves out ${address}, where ${host} is reached`;
    const hint = "'{{internal_address}},127.0.0.1' listens there and for the host itself";
    return [problemIn(given, 'postgres_listen', { message, hint, host })];
  });
}
