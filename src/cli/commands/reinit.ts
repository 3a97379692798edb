import { reinit as reinitMember } from '../../actions/reinit.ts';
import type { ExitCode } from '../../core/errors.ts';
import { runOperation } from '../operation.ts';
import type { OperationFlags } from '../options.ts';

export function reinit(node: string, flags: OperationFlags): Promise<ExitCode> {
  return runOperation(flags, (request) => reinitMember(request, node));
}
