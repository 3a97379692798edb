import { haproxy } from '../components/haproxy/index.ts';
import { Control } from '../cluster/control.ts';
import type { SettingChange } from '../cluster/operations/config-edit.ts';
import { refuseSplit } from '../cluster/operations/danger.ts';
import type { OperationPlan, Refusal } from '../cluster/operations/plan.ts';
import type { ClusterView } from '../cluster/view.ts';
import { measureWrites, Writer } from '../cluster/write-gap.ts';
import {
  DroverError,
  exitCodes,
  InterruptedError,
  messageOf,
  UnhealthyError,
  type ExitCode,
} from '../core/errors.ts';
import { Journal } from '../engine/journal/journal.ts';
import type { Run } from '../engine/run.ts';
import { withCluster, type ClusterRequest } from './cluster.ts';

export interface OperationRequest extends ClusterRequest {
  /** The command line as typed, for whoever waits for the lock. */
  readonly command: string;
  readonly lockTimeout: number;
  /** Show the plan, and do nothing. */
  readonly planOnly: boolean;
  confirm(question: string, disrupts: readonly string[]): Promise<boolean>;
}

/** An operation on a running cluster. */
export interface ClusterOperation<P extends OperationPlan> {
  readonly verb: string;
  /** Decides what to do, given the state of the cluster. Keeps to the plan that was agreed to where that still fits. */
  plan(view: ClusterView, control: Control, agreed?: P): P | Promise<P>;
  perform(control: Control, plan: P, view: ClusterView): Promise<void>;
  /** Whether to write rows meanwhile, to measure how long writes fail. */
  readonly measured: boolean;
  /** Throws if what follows the operation could not be done. Called before anything is changed. */
  rehearse?(): Promise<void>;
  /** A host that clients can no longer connect through afterwards: nothing is measured through it. */
  readonly leaving?: string;
  /** It is what ends two leaders, and sees to them itself; they stop everything else. */
  readonly endsSplit?: true;
  /** The settings that the plan changes, for display. */
  settings?(plan: P): readonly SettingChange[];
}

/** Looks at the cluster, shows the plan, refuses what endangers the cluster, asks, acts, and measures. */
export function operate<P extends OperationPlan>(
  request: OperationRequest,
  operation: ClusterOperation<P>,
): Promise<ExitCode> {
  const { emit, planOnly } = request;
  return withCluster(request, async (run, topology) => {
    const { fleet } = run;
    const journal = new Journal({
      run: request.id,
      command: request.command,
      request: { verb: operation.verb, hosts: run.hosts },
      vault: fleet.vault,
    });
    const control = new Control({ fleet, topology, emit, signal: request.signal, journal });
    emit({ type: 'run', verb: operation.verb, source: topology.cluster, hosts: run.hosts });
    try {
      if (!planOnly) await run.lock();
      emit({ type: 'phase', phase: 'plan' });
      const { plan } = await decide(control, operation);
      if (plan.steps.length > 0 || plan.refusals.length === 0)
        show(request, operation, plan, topology.cluster);
      refuse(operation.verb, plan);
      if (plan.steps.length === 0) return finish(request, run, exitCodes.ok);
      if (planOnly) return finish(request, run, exitCodes.changesPending);
      await operation.rehearse?.();
      await consent(request, operation.verb, plan);
      await measure(request, control, operation, await confirmed(control, operation, plan));
      await journal.end(exitCodes.ok);
      return finish(request, run, exitCodes.ok);
    } catch (error) {
      const exitCode = error instanceof DroverError ? error.exitCode : exitCodes.internal;
      await journal.end(exitCode, messageOf(error));
      finish(request, run, exitCode);
      throw error;
    }
  });
}

interface Decision<P> {
  readonly plan: P;
  readonly view: ClusterView;
}

async function decide<P extends OperationPlan>(
  control: Control,
  operation: ClusterOperation<P>,
  agreed?: P,
): Promise<Decision<P>> {
  const view = await control.look();
  const [split] = operation.endsSplit ? [] : refuseSplit(view);
  if (split) throw new UnhealthyError(`${operation.verb} refused: ${split.message}`, { hint: split.hint });
  return { view, plan: await operation.plan(view, control, agreed) };
}

function show<P extends OperationPlan>(
  { emit }: OperationRequest,
  operation: ClusterOperation<P>,
  plan: P,
  cluster: string,
): void {
  const { steps, notes, outage } = plan;
  emit({
    type: 'operation',
    verb: operation.verb,
    cluster,
    steps: [...steps],
    notes: [...notes],
    ...(outage ? { outage } : {}),
    ...(operation.settings ? { settings: [...operation.settings(plan)] } : {}),
  });
}

function refuse(verb: string, { refusals }: OperationPlan): void {
  const [first, ...others] = refusals;
  if (!first) return;
  const hintOnly = others.length === 0;
  const line = ({ message, hint }: Refusal) => `  ${message}\n    ${hint}`;
  throw new UnhealthyError(
    hintOnly ? `${verb} refused: ${first.message}` : `${verb} refused:\n${refusals.map(line).join('\n')}`,
    hintOnly ? { hint: first.hint } : {},
  );
}

async function consent(request: OperationRequest, verb: string, { steps }: OperationPlan): Promise<void> {
  const disrupts = steps.flatMap(({ what, disrupts: interrupted }) =>
    interrupted === undefined ? [] : [`${what}: interrupts ${interrupted}`],
  );
  if (disrupts.length === 0) return;
  if (await request.confirm(`${verb} interrupts what is in use:`, disrupts)) return;
  throw new InterruptedError('not confirmed; nothing of it was done');
}

/** Plans again: the cluster may have changed while the user was asked. */
async function confirmed<P extends OperationPlan>(
  control: Control,
  operation: ClusterOperation<P>,
  shown: P,
): Promise<Decision<P>> {
  const decision = await decide(control, operation, shown);
  refuse(operation.verb, decision.plan);
  const key = ({ steps, outage }: P) => JSON.stringify([steps, outage]);
  if (key(decision.plan) === key(shown)) return decision;
  throw new UnhealthyError('the cluster has changed since the plan was shown; nothing was done', {
    hint: 'run the command again to see what it would do now',
  });
}

async function measure<P extends OperationPlan>(
  request: OperationRequest,
  control: Control,
  operation: ClusterOperation<P>,
  { plan, view }: Decision<P>,
): Promise<void> {
  if (!operation.measured || view.standby) return operation.perform(control, plan, view);
  const { emit } = request;
  const { topology } = control;
  const entries = topology.hostsOf(haproxy).filter(({ name }) => name !== operation.leaving);
  const writer = new Writer(
    control.fleet,
    topology.with(haproxy, { hosts: entries }),
    `${operation.verb}-${request.id}`,
  );
  const { wereTaken, areTaken } = await measureWrites(
    writer,
    {
      emit,
      leader: async () => (await control.look()).leader,
      untaken: () => {
        if (view.leader === undefined) return;
        emit({
          type: 'warning',
          message: `no write is taken, so the gap cannot be measured: ${writer.problem}`,
          hint: 'drover provision sets up what drover writes with; drover verify shows where writes end',
        });
      },
    },
    () => operation.perform(control, plan, view),
  );
  if (wereTaken && !areTaken) {
    throw new UnhealthyError(`no write is taken any more: ${writer.problem}`, {
      hint: 'drover verify shows more',
    });
  }
}

function finish({ emit }: OperationRequest, run: Run, exitCode: ExitCode): ExitCode {
  emit({ type: 'recap', exitCode, hosts: run.recap().hosts });
  return exitCode;
}
