import { replace as replaceHost } from '../../actions/replace.ts';
import type { ExitCode } from '../../core/errors.ts';
import { runOperation } from '../operation.ts';
import type { MembershipFlags } from '../options.ts';

export function replace(old: string, fresh: string, flags: MembershipFlags): Promise<ExitCode> {
  return runOperation(flags, (request) =>
    replaceHost({ ...request, verb: 'replace', verify: flags.verify }, old, fresh),
  );
}
