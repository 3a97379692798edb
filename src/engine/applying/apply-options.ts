import type { ModuleContext } from '../../modules/define-module.ts';
import type { Change } from '../../plan/change.ts';
import type { Instance } from '../tasks/instance.ts';
import type { JournaledChange } from '../journal/journal-line.ts';
import type { OperationContext } from './perform.ts';
import type { Interest } from '../planning/interests.ts';
import type { TaskReport } from '../tasks/outcome.ts';

/** What carrying out tasks on a host needs, and the callbacks that follow its progress. */
export interface ApplyOptions extends OperationContext {
  readonly context: ModuleContext;
  /** What is worth collecting again after a change, in the order of the run. */
  readonly interests: readonly Interest[];
  report(report: TaskReport): void;
  /** A change as the journal has it. */
  journaled(instance: Instance, change: Change): Omit<JournaledChange, 'n'>;
  /** Called for each change that was begun, whether it succeeded or not. */
  begun(instance: Instance, change: Change): void;
  changed(instance: Instance, change: Change): void;
  started(instance: Instance): void;
  /** Whether a change may be made that the plan did not show; throws when not. */
  consent(instance: Instance, changes: readonly Change[]): Promise<void>;
}
