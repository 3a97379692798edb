import type { OperationRequest } from '../actions/operate.ts';
import type { ExitCode } from '../core/errors.ts';
import { confirm } from './ask.ts';
import { commandLine } from './command-line.ts';
import type { OperationFlags } from './options.ts';
import { reporterOf } from './reporter.ts';
import { clusterRequest } from './request.ts';

/** Runs an operation with the options of the command line and reports its progress. */
export async function runOperation(
  flags: OperationFlags,
  action: (request: OperationRequest) => Promise<ExitCode>,
): Promise<ExitCode> {
  const base = await clusterRequest(flags, (event) => reporter.event(event));
  const reporter = await reporterOf(flags, base.id);
  try {
    return await action({
      ...base,
      command: commandLine(),
      lockTimeout: flags.lockTimeout,
      planOnly: flags.check ?? false,
      confirm: (question, disrupts) => confirm(flags, reporter, question, disrupts),
    });
  } finally {
    await reporter.finish();
  }
}

/** An action on a running cluster; after its request it takes arguments and options as commander passes them. */
export type OperationAction = (request: OperationRequest, ...typed: never[]) => Promise<ExitCode>;

/** The handler of a verb that only runs such an action. */
export function operating(action: OperationAction) {
  return (...typed: unknown[]): Promise<ExitCode> =>
    runOperation(typed.at(-2) as OperationFlags, (request) => action(request, ...(typed as never[])));
}
