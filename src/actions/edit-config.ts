import { awaitCycle } from '../cluster/moves.ts';
import { readLogicalSlots } from '../cluster/logical-slots.ts';
import { planEdit } from '../cluster/operations/config-edit.ts';
import { parametersOf } from '../cluster/operations/restart.ts';
import { patchConfig } from '../cluster/patch-config.ts';
import { takeSnapshot } from '../cluster/snapshot.ts';
import { patroni } from '../components/patroni/index.ts';
import { settingsOf } from '../components/patroni/running-settings.ts';
import { viewOf } from '../cluster/view.ts';
import { UnhealthyError, type ExitCode } from '../core/errors.ts';
import { withCluster, type ClusterRequest } from './cluster.ts';
import { operate, type OperationRequest } from './operate.ts';
import { reportPending } from './pending.ts';

type Settings = Readonly<Record<string, unknown>>;

/** The configuration in the DCS, to be edited as a whole. */
export function readConfig(request: ClusterRequest): Promise<Settings> {
  return withCluster(request, async (run, topology) => {
    const { config } = viewOf(topology, await takeSnapshot(run.fleet, topology));
    if (config) return config;
    throw new UnhealthyError('there is no configuration in the DCS', {
      hint: 'drover status shows the members',
    });
  });
}

/** Patches the configuration in the DCS, and reports which members have a restart pending. */
export function editConfig(request: OperationRequest, patch: Settings): Promise<ExitCode> {
  return operate(request, {
    verb: 'edit-config',
    measured: false,
    async plan(view, control) {
      const names = Object.keys(parametersOf(patch));
      const running =
        names.length === 0
          ? undefined
          : await settingsOf({ ...control.topology.of(patroni), ask: control.ask }, view.leader, names);
      return planEdit(view, control.topology, patch, {
        running,
        slots: await readLogicalSlots(control, view),
      });
    },
    settings: ({ changes }) => changes,
    async perform(control, _plan, { cluster }) {
      const { emit, topology } = control;
      await control.step('the DCS has the configuration', () =>
        patchConfig(control, patch, (view) => {
          const { changes, steps, notes } = planEdit(view, topology, patch);
          emit({ type: 'warning', message: 'somebody else changed the configuration meanwhile' });
          emit({
            type: 'operation',
            verb: 'edit-config',
            cluster,
            steps: [...steps],
            settings: [...changes],
            notes: [...notes],
          });
        }),
      );
      const step = 'all members know it';
      reportPending(await control.step(step, () => awaitCycle(control, step)), emit);
    },
  });
}
