import { verify as verifyCluster, type ClusterRequest } from '../../actions/verify.ts';
import type { ExitCode } from '../../core/errors.ts';
import { newRunId } from '../../core/run-id.ts';
import type { RunEvent } from '../../engine/events.ts';
import type { ConnectionFlags, InputFlags } from '../options.ts';
import { bundledFile, connectionOf, forksOf, inputOf, interruptSignal, reporterOf } from '../request.ts';

export async function clusterRequest(
  flags: InputFlags & ConnectionFlags,
  emit: (event: RunEvent) => void,
): Promise<ClusterRequest> {
  return {
    id: newRunId(),
    playbook: bundledFile('playbooks/site.yml'),
    input: inputOf(flags),
    connection: await connectionOf(flags),
    forks: forksOf(flags),
    signal: interruptSignal(),
    emit,
  };
}

export async function verify(
  flags: InputFlags & ConnectionFlags & { readOnly?: boolean },
): Promise<ExitCode> {
  const request = await clusterRequest(flags, (event) => reporter.event(event));
  const reporter = await reporterOf(flags, request.id, process.stdout);
  const exitCode = await verifyCluster(request, flags.readOnly ?? false);
  await reporter.finish();
  return exitCode;
}
