import { refusalOf } from '../clients/etcd.ts';
import { patchConfigRequest } from '../clients/patroni/api.ts';
import { UnhealthyError } from '../core/errors.ts';
import type { Control } from './control.ts';
import type { ClusterView } from './view.ts';

// A person would not win this race several times.
const attempts = 5;

/**
 * Sends one PATCH of the configuration. When somebody else was faster (409), `again` is called with how the cluster
 * is now, before it is sent once more.
 */
export async function patchConfig(
  control: Control,
  patch: Readonly<Record<string, unknown>>,
  again: (view: ClusterView) => void = () => undefined,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const view = await control.look();
    if (attempt > 1) again(view);
    const host =
      view.members.find(({ name }) => name === view.leader) ?? view.members.find(({ answers }) => answers);
    if (!host) throw new UnhealthyError('no member answers', { hint: 'drover status shows the members' });
    const request = patchConfigRequest(control.restOf(host.name), control.restLogin, patch);
    const answer = await control.send(host.name, request);
    if (answer.answered && answer.status === 200) return;
    if (!answer.answered || answer.status !== 409 || attempt === attempts) {
      const unready =
        answer.answered && answer.status === 503 ? ' (there is no configuration in the DCS yet)' : '';
      throw new UnhealthyError(`Patroni did not change the configuration: ${refusalOf(answer)}${unready}`, {
        hint: 'drover status shows how the cluster is now',
      });
    }
  }
}
