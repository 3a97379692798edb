import type { OperationRequest } from '../actions/operate.ts';
import type { ExitCode } from '../core/errors.ts';
import { clusterRequest } from './commands/verify.ts';
import type { OperationFlags } from './options.ts';
import { commandLine, confirm, reporterOf } from './request.ts';

/** Runs an operation as the command line asks for it, and shows how it goes. */
export async function runOperation(
  flags: OperationFlags,
  action: (request: OperationRequest) => Promise<ExitCode>,
): Promise<ExitCode> {
  const base = await clusterRequest(flags, (event) => shown.event(event));
  const shown = await reporterOf(flags, base.id);
  try {
    return await action({
      ...base,
      command: commandLine(),
      lockTimeout: flags.lockTimeout,
      planOnly: flags.check ?? false,
      confirm: (question, disrupts) => confirm(flags, shown, question, disrupts),
    });
  } finally {
    await shown.finish();
  }
}
