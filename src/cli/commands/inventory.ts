import { loadHosts } from '../../actions/load.ts';
import { listInventory } from '../../actions/inventory.ts';
import { exitCodes, type ExitCode } from '../../core/errors.ts';
import type { InputFlags } from '../options.ts';
import { inputOf } from '../request.ts';

export function list(flags: InputFlags): Promise<ExitCode> {
  const { inventory } = loadHosts('all', inputOf(flags));
  process.stdout.write(`${JSON.stringify(listInventory(inventory), null, 4)}\n`);
  return Promise.resolve(exitCodes.ok);
}

export function listHosts(pattern: string, flags: InputFlags): Promise<ExitCode> {
  const { hosts } = loadHosts(pattern, inputOf(flags));
  process.stdout.write(hosts.map((host) => `${host}\n`).join(''));
  return Promise.resolve(exitCodes.ok);
}
