import type { Gate } from '../gate.ts';
import type { Look } from '../look.ts';
import type { HaproxySettings } from './settings.ts';
import { lookAtEntry, serversUp } from './state.ts';

/** An entry is well when it knows a primary; with several, another one has to be well while this one is out. */
export const gate: Gate<HaproxySettings> = {
  async refusal(look, host) {
    const others = look.hosts.filter(({ name }) => name !== host);
    if (others.length === 0) return undefined;
    const lacks = await Promise.all(others.map(({ name }) => lacking(look, name)));
    return lacks.every((lack) => lack !== undefined)
      ? `no other entry is well (${lacks.join(', ')})`
      : undefined;
  },
  async missing(look, host) {
    if (!look.hosts.some(({ name }) => name === host)) return undefined;
    return lacking(look, host);
  },
};

async function lacking(look: Look<HaproxySettings>, host: string): Promise<string | undefined> {
  if (look.cluster.members.length === 0) return undefined;
  const state = await lookAtEntry(look, { name: host });
  if (state.problem !== undefined) return `HAProxy on ${host} does not answer`;
  const primaries = serversUp(state, 'primary').length;
  return primaries === 1 ? undefined : `HAProxy on ${host} sees ${primaries} primaries`;
}
