import { exitCodes, type ExitCode } from '../core/errors.ts';
import { play, type PlayRequest } from './play.ts';
import { verifyAfter } from './verify.ts';

/** Upgrades the cluster's packages host by host, by upgrade.yml, and verifies the cluster. */
export function upgrade(request: PlayRequest, options: { readonly verify: boolean }): Promise<ExitCode> {
  return play({
    ...request,
    async afterwards(run, loaded) {
      return options.verify ? verifyAfter(run, loaded, request.signal, request.emit) : exitCodes.ok;
    },
  });
}
