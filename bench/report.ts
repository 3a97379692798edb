import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { execa } from 'execa';
import { chart } from './chart.ts';
import type { Comparison, Row, Target } from './compare.ts';
import { drover } from './tools.ts';

const data = 'bench/results.json';

/** Writes bench/RESULTS.md and bench/results.svg; returns the former. Cases that were not run keep their figures. */
export async function writeReport(measured: readonly Comparison[]): Promise<string> {
  const former = existsSync(data) ? (JSON.parse(readFileSync(data, 'utf8')) as Comparison[]) : [];
  const byTitle = new Map([...former, ...measured].map((comparison) => [comparison.title, comparison]));
  const comparisons = [...byTitle.values()].sort((a, b) => letterOf(a).localeCompare(letterOf(b)));
  writeFileSync(data, `${JSON.stringify(comparisons, null, 1)}\n`);
  const text = `# Results of npm run bench

${(await machine()).join('\n')}

Medians; every tool runs once in each round, on the same hosts, with the same work. After each run a digest of the
hosts' files, packages, users and services is compared. CPU is of this machine's side; memory is the largest process.
Round trips are the slowest host's: drover's own count, and in (d) what the relay saw, with TCP and login.

${comparisons.map(section).join('\n')}`;
  writeFileSync('bench/RESULTS.md', text);
  writeFileSync('bench/results.svg', chart(comparisons));
  return text;
}

async function machine(): Promise<string[]> {
  const [processor] = cpus();
  const versionOf = async (program: string, ...args: string[]) => {
    const { stdout, stderr } = await execa(program, args, { reject: false });
    return `${stdout}${stderr}`.split('\n')[0] ?? '';
  };
  const mitogen = await versionOf('dpkg-query', '-W', '-f', '${Version}', 'ansible-mitogen');
  return [
    `- ${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${processor?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}; the hosts run on the same machine, with a load average of ${loadavg()[1]?.toFixed(0) ?? '?'} over all`,
    `- Node.js ${process.version}, ${await versionOf('ssh', '-V')}`,
    `- ${await versionOf('ansible', '--version')}, ansible-mitogen ${mitogen}`,
  ];
}

function letterOf({ title }: Comparison): string {
  return title.slice(0, 3);
}

export function section({ title, rows, targets }: Comparison): string {
  const own = rows.find(({ name }) => name === drover)?.seconds ?? NaN;
  return `## ${title}

| | runs | time | : drover | CPU | memory | round trips | traffic |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${rows.map((row) => line(row, own)).join('\n')}
${targets.length === 0 ? '' : `\n${targets.map(verdict).join('\n')}\n`}`;
}

function line({ name, runs, seconds, cpu, memory, trips, kilobytes }: Row, own: number): string {
  const cells = [
    name,
    runs,
    `${seconds.toFixed(2)} s`,
    (seconds / own).toFixed(2),
    `${cpu.toFixed(2)} s`,
    `${memory.toFixed(0)} MB`,
    trips ?? '',
    `${kilobytes.toFixed(0)} kB`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function verdict({ what, found, atMost, unit }: Target): string {
  const digits = unit === '' ? 3 : 0;
  const met = found <= atMost ? 'met' : '**missed**';
  return `- ${what}: ${found.toFixed(digits)}${unit}, at most ${Number(atMost.toFixed(3))}${unit} wanted: ${met}`;
}
