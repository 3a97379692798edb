import { verify as verifyCluster } from '../../actions/verify.ts';
import type { ExitCode } from '../../core/errors.ts';
import type { InputFlags, LoginFlags, OutputFlags } from '../options.ts';
import { reporterOf } from '../reporter.ts';
import { clusterRequest } from '../request.ts';

export async function verify(
  flags: InputFlags & LoginFlags & OutputFlags & { readOnly?: boolean },
): Promise<ExitCode> {
  const request = await clusterRequest(flags, (event) => reporter.event(event));
  const reporter = await reporterOf(flags, request.id, process.stdout);
  const exitCode = await verifyCluster(request, flags.readOnly ?? false);
  await reporter.finish();
  return exitCode;
}
