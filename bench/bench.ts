import { parseArgs } from 'node:util';
import { exec } from './cases/exec.ts';
import { far } from './cases/far.ts';
import { files } from './cases/files.ts';
import { site } from './cases/site.ts';
import { start } from './cases/start.ts';
import { converged, firstRun } from './cases/twenty.ts';
import type { Bench, Comparison } from './compare.ts';
import { BenchHosts } from './hosts.ts';
import { section, writeReport } from './report.ts';
import { installTools, Tools } from './tools.ts';

const cases = { a: converged, b: firstRun, c: exec, d: far, e: files, f: site, g: start };

type Letter = keyof typeof cases;

/**
 * Runs the cases and writes what they found. With `--beside FOLDER`, drover takes turns with the one that is built there
 * (of main before a change, for example) instead of with other tools, and nothing is written.
 */
export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: Object.keys(cases).join(',') },
      runs: { type: 'string', default: '5' },
      beside: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  const letters = values.only.split(',').map(letterOf);
  const say = (message: string) => process.stderr.write(`${message}\n`);
  const { beside } = values;
  if (beside === undefined) await installTools(say);
  const hosts = new BenchHosts(say);
  const setting: Bench = { hosts, tools: new Tools(hosts), runs: Number(values.runs), beside, say };
  const comparisons: Comparison[] = [];
  try {
    await hosts.up();
    for (const letter of letters) comparisons.push(...(await cases[letter](setting)));
  } finally {
    if (!values.keep) await hosts.down();
  }
  process.stdout.write(
    beside === undefined ? await writeReport(comparisons) : `${comparisons.map(section).join('\n')}\n`,
  );
}

function letterOf(text: string): Letter {
  if (text in cases) return text as Letter;
  throw new Error(`there is no case ${text}; there are ${Object.keys(cases).join(', ')}`);
}
