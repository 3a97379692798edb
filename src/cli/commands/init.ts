import { relative } from 'node:path';
import { init as makeProject } from '../../actions/init.ts';
import { exitCodes, type ExitCode } from '../../core/errors.ts';
import { bundledFile } from '../bundled.ts';
import { print, say } from '../print.ts';

export function init(folder: string): Promise<ExitCode> {
  for (const { path, state } of makeProject({ folder, bundled: bundledFile }))
    print(`${state.padEnd(8)} ${path}`);
  const here = relative('', folder);
  say(`Put your hosts into inventory.yml, then: ${here === '' ? '' : `cd ${here} && `}drover validate`);
  return Promise.resolve(exitCodes.ok);
}
