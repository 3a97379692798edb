import { expect, test } from 'vitest';
import { patroni } from '../../../../src/components/patroni/index.ts';
import { UnreachableError } from '../../../../src/core/errors.ts';
import { AskedCluster } from '../asked-cluster.ts';

test('a host that is lost is a state, too, though its data lies where only its own facts tell', async () => {
  const cluster = new AskedCluster();
  cluster.away.add('n3');
  const look = cluster.look(patroni);
  const settings = {
    ...look.settings,
    dataDirOf: (host: string) => {
      throw new UnreachableError(`the facts of ${host} are asked for, and it is not in this run`);
    },
  };
  const state = await patroni.look?.({ ...look, settings }, { name: 'n3', address: '10.0.0.3' });
  expect(state).toMatchObject({ member: undefined, leader: undefined, history: undefined, disks: [] });
});
