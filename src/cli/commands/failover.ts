import { failover as failOver } from '../../actions/failover.ts';
import type { ExitCode } from '../../core/errors.ts';
import { runOperation } from '../operation.ts';
import type { OperationFlags } from '../options.ts';

export function failover(flags: OperationFlags & { to?: string }): Promise<ExitCode> {
  return runOperation(flags, (request) => failOver(request, flags.to));
}
