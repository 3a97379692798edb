import { readFileSync } from 'node:fs';
import { exitCodes, type ExitCode } from '../../core/errors.ts';
import { bundledFile } from '../bundled.ts';
import { print } from '../print.ts';

/** Defined by scripts/build.mjs; not there where the sources are run. */
declare const COMMIT: string | undefined;

/** What a report of a fault has to say. */
export function version(): Promise<ExitCode> {
  const { version: release } = JSON.parse(readFileSync(bundledFile('package.json'), 'utf8')) as {
    version: string;
  };
  const commit = typeof COMMIT === 'string' ? COMMIT : 'not built';
  print(`drover ${release} (${commit})`);
  print(`Node.js ${process.versions.node} on ${process.platform} ${process.arch}, in ${bundledFile('.')}`);
  return Promise.resolve(exitCodes.ok);
}
