import { loadRun } from '../../actions/load.ts';
import { SecretKeeper } from '../../actions/secrets.ts';
import { count } from '../../core/count.ts';
import { exitCodes, type ExitCode } from '../../core/errors.ts';
import { Vault } from '../../core/secrets.ts';
import { bundledFile } from '../bundled.ts';
import type { InputFlags } from '../options.ts';
import { say } from '../print.ts';
import { inputOf } from '../request.ts';

export async function validate(playbook: string | undefined, flags: InputFlags): Promise<ExitCode> {
  const loaded = loadRun(playbook ?? bundledFile('playbooks/site.yml'), await inputOf(flags), true);
  // Those that are given are checked; none is asked for, made up or kept.
  new SecretKeeper(loaded, new Vault(), true);
  const hosts = new Set(loaded.plays.flatMap((play) => play.limited)).size;
  say(`valid: ${count(loaded.plays.length, 'play')} on ${count(hosts, 'host')}`);
  return exitCodes.ok;
}
