import { restart as restartMembers } from '../../actions/restart.ts';
import type { ExitCode } from '../../core/errors.ts';
import { runOperation } from '../operation.ts';
import type { OperationFlags } from '../options.ts';

export function restart(nodes: string[], flags: OperationFlags): Promise<ExitCode> {
  return runOperation(flags, (request) => restartMembers(request, nodes));
}
