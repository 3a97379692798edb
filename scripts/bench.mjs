// Measures drover beside other tools on hosts of the lab: npm run bench -- [--only a,c] [--runs N].
import './build.mjs';
import { importTypeScript } from './import-ts.mjs';

const { bench } = await importTypeScript('bench/bench.ts');
await bench(process.argv.slice(2));
