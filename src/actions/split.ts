import { getRequest, parseCluster, parseMember } from '../clients/patroni/api.ts';
import { claimsOf, splitOf, takesWrites } from '../clients/patroni/leaders.ts';
import type { HttpAnswer } from '../clients/http.ts';
import { isOfCluster } from '../cluster/check.ts';
import { Ask } from '../components/ask.ts';
import { patroni } from '../components/patroni/index.ts';
import { VariableReader } from '../components/variable-reader.ts';
import { UnhealthyError } from '../core/errors.ts';
import type { Fleet } from '../engine/hosts/fleet.ts';
import type { RunView } from '../engine/run-options.ts';
import { needHttp } from '../facts/api.ts';
import type { LoadedRun } from './load.ts';

/**
 * Refuses a run while more than one member leads: nothing is to be changed before one of them has given way. A playbook
 * that knows nothing of clusters does not say where to ask.
 */
export async function judgeLeaders(run: RunView, { inventory, declarations }: LoadedRun): Promise<void> {
  if (!isOfCluster(declarations)) return;
  const hosts = inventory.groups.has(patroni.group) ? inventory.hostsOf(patroni.group) : [];
  const [first] = hosts;
  if (first === undefined) return;
  const read = new VariableReader((host) => run.scope(host), hosts, first);
  const ask = (name: string, path: string) => {
    const endpoint = {
      address: read.text('internal_address', name),
      port: read.number('patroni_restapi_port', name),
    };
    return answerOf(run.fleet, name, getRequest(endpoint, path));
  };
  await refuseSplit(
    hosts.filter((name) => run.fleet.has(name)),
    ask,
  );
}

/** The same, of members that can be asked. */
export async function refuseSplit(
  names: readonly string[],
  ask: (name: string, path: string) => Promise<HttpAnswer>,
): Promise<void> {
  const members = await Promise.all(
    names.map(async (name) => ({ name, member: parseMember(await ask(name, '/patroni')) })),
  );
  const primaries = members.filter(({ member }) => takesWrites(member));
  const [first] = primaries;
  if (!first || primaries.length < 2) return;
  const claims = await Promise.all(
    primaries.map(async (primary) => {
      const leader = await ask(primary.name, '/leader');
      return { ...primary, leader: leader.answered ? leader.status : undefined };
    }),
  );
  const cluster = parseCluster(await ask(first.name, '/cluster'));
  const split = splitOf(claimsOf(claims), cluster?.pause === true);
  if (split) throw new UnhealthyError(split.message, { hint: split.hint });
}

/** What a plan has asked already is not asked again. */
function answerOf(fleet: Fleet, host: string, request: ReturnType<typeof getRequest>): Promise<HttpAnswer> {
  const need = needHttp(request);
  const records = fleet.recordsOf(need, host);
  return records ? Promise.resolve(need.parse(records)) : new Ask(fleet).http(host, request);
}
