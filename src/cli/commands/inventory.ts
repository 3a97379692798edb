import { loadHosts } from '../../actions/load.ts';
import { listInventory } from '../../actions/inventory.ts';
import { exitCodes, type ExitCode } from '../../core/errors.ts';
import type { InputFlags } from '../options.ts';
import { print, printJson } from '../print.ts';
import { inputOf } from '../request.ts';

export function list(flags: InputFlags): Promise<ExitCode> {
  const { inventory } = loadHosts('all', inputOf(flags));
  printJson(listInventory(inventory), 4);
  return Promise.resolve(exitCodes.ok);
}

export function listHosts(pattern: string, flags: InputFlags): Promise<ExitCode> {
  const { hosts } = loadHosts(pattern, inputOf(flags));
  hosts.forEach(print);
  return Promise.resolve(exitCodes.ok);
}
