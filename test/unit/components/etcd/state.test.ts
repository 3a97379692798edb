import { expect, test } from 'vitest';
import type { HttpAnswer, HttpRequest } from '../../../../src/clients/http.ts';
import { alarmsOf, type EtcdState } from '../../../../src/components/etcd/state.ts';
import { etcd } from '../../../../src/components/etcd/index.ts';
import { Ask } from '../../../../src/components/ask.ts';
import { FakeFleet } from '../../fake-fleet.ts';
import { AskedCluster } from '../asked-cluster.ts';

test('an alarm is its own member’s, though each lists it; one of nobody who answers is everybody’s', async () => {
  const ok = (body: unknown): HttpAnswer => ({ answered: true, status: 200, body: JSON.stringify(body) });
  const members = [{ ID: '1' }, { ID: '2' }];
  const raised = { '2': 'NOSPACE', '9': 'CORRUPT' };
  const alarms = Object.entries(raised).map(([memberID, alarm]) => ({ memberID, alarm }));
  const answers = (host: string, { path }: HttpRequest) => {
    if (path.endsWith('/status'))
      return ok({ header: { member_id: host.slice(1) }, version: '3.5.16', leader: '1' });
    return ok(path.endsWith('/alarm') ? { alarms } : { header: { cluster_id: '7' }, members });
  };
  const fleet = new FakeFleet({ run: () => ({ stdout: '' }), http: answers });
  const look = { ...new AskedCluster().look(etcd), ask: new Ask(fleet) };
  const states = new Map<string, EtcdState>();
  for (const name of ['n1', 'n2']) {
    const state = await etcd.look?.(look, { name, address: name });
    if (state) states.set(name, state);
  }
  expect(alarmsOf(states, 'n1')).toEqual(['CORRUPT']);
  expect(alarmsOf(states, 'n2')).toEqual(['NOSPACE', 'CORRUPT']);
  states.set('n2', { status: undefined, view: undefined, alarms: undefined, disks: [] });
  expect(alarmsOf(states, 'n1')).toEqual(['NOSPACE', 'CORRUPT']);
  expect(alarmsOf(states, 'n2')).toBeUndefined();
});
