import { planPause } from '../cluster/operations/members.ts';
import { patchConfig } from '../cluster/patch-config.ts';
import { boundOfCycle } from '../cluster/timing.ts';
import type { ExitCode } from '../core/errors.ts';
import { operate, type OperationRequest } from './operate.ts';

/** Has Patroni leave PostgreSQL alone, or take care of it again. */
export function setPause(request: OperationRequest, pause: boolean): Promise<ExitCode> {
  return operate(request, {
    verb: pause ? 'pause' : 'resume',
    measured: false,
    plan: (view) => planPause(view, pause),
    async perform(control, _plan, { timing }) {
      const step = `every member is ${pause ? 'paused' : 'at work'}`;
      await control.step(step, async () => {
        await patchConfig(control, { pause: pause ? true : null });
        await control.until(step, boundOfCycle(timing), ({ members }) => {
          const behind = members.filter(({ answers, paused }) => answers && paused !== pause);
          return behind.length === 0 ? undefined : `${behind.map(({ name }) => name).join(', ')} not yet`;
        });
      });
    },
  });
}
