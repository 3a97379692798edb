import { setPause } from '../../actions/pause.ts';
import type { ExitCode } from '../../core/errors.ts';
import { runOperation } from '../operation.ts';
import type { OperationFlags } from '../options.ts';

export function pause(flags: OperationFlags): Promise<ExitCode> {
  return runOperation(flags, (request) => setPause(request, true));
}
