import { remove as removeHost } from '../../actions/remove.ts';
import type { ExitCode } from '../../core/errors.ts';
import { runOperation } from '../operation.ts';
import type { MembershipFlags } from '../options.ts';

export function remove(host: string, flags: MembershipFlags): Promise<ExitCode> {
  return runOperation(flags, (request) =>
    removeHost({ ...request, verb: 'remove', verify: flags.verify }, host),
  );
}
