import { rebalance as moveEtcdLeader } from '../../actions/rebalance.ts';
import type { ExitCode } from '../../core/errors.ts';
import { runOperation } from '../operation.ts';
import type { OperationFlags } from '../options.ts';

export function rebalance(flags: OperationFlags): Promise<ExitCode> {
  return runOperation(flags, moveEtcdLeader);
}
