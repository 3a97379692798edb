import { compare, rowOf, type Bench, type Comparison } from '../compare.ts';
import { drover } from '../tools.ts';

/** How long drover takes to do nothing. */
export async function start(bench: Bench): Promise<Comparison[]> {
  const version = bench.tools.drover('--version');
  const empty = { name: 'empty Node program', command: { args: [process.execPath, '-e', '0'] } };
  return [
    await compare(bench, {
      title: '(g) drover --version',
      contenders: [version, empty],
      targets: (rows) => [
        { what: 'drover --version', found: rowOf(rows, drover).seconds * 1000, atMost: 100, unit: ' ms' },
      ],
    }),
  ];
}
