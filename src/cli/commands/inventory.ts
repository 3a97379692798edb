import { loadHosts, loadInventoryOnly } from '../../actions/load.ts';
import { listInventory } from '../../actions/inventory.ts';
import { exitCodes, type ExitCode } from '../../core/errors.ts';
import type { ListFlags } from '../options.ts';
import { print, printJson } from '../print.ts';
import { inputOf } from '../request.ts';

export function list(flags: ListFlags): Promise<ExitCode> {
  printJson(listInventory(loadInventoryOnly(inputOf(flags))), 4);
  return Promise.resolve(exitCodes.ok);
}

export function listHosts(pattern: string, flags: ListFlags): Promise<ExitCode> {
  const { hosts } = loadHosts(pattern, inputOf(flags));
  hosts.forEach(print);
  return Promise.resolve(exitCodes.ok);
}
