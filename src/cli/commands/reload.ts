import { reload as reloadMembers } from '../../actions/reload.ts';
import type { ExitCode } from '../../core/errors.ts';
import { runOperation } from '../operation.ts';
import type { OperationFlags } from '../options.ts';

export function reload(nodes: string[], flags: OperationFlags): Promise<ExitCode> {
  return runOperation(flags, (request) => reloadMembers(request, nodes));
}
