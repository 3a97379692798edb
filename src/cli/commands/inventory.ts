import { loadHosts, loadInventoryOnly } from '../../actions/load.ts';
import { listInventory } from '../../actions/inventory.ts';
import { exitCodes, type ExitCode } from '../../core/errors.ts';
import type { InputFlags } from '../options.ts';
import { print, printJson } from '../print.ts';
import { inputOf } from '../request.ts';

interface ListFlags extends InputFlags {
  readonly playbookDir: string;
}

export async function list(flags: ListFlags): Promise<ExitCode> {
  printJson(listInventory(loadInventoryOnly(await inputOf(flags))), 4);
  return exitCodes.ok;
}

export async function listHosts(pattern: string, flags: ListFlags): Promise<ExitCode> {
  const { hosts } = loadHosts(pattern, await inputOf(flags));
  hosts.forEach(print);
  return exitCodes.ok;
}
