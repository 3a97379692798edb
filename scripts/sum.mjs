// Says how long vitest's runs took, and sums their reports in one line. A run without a report, and a skipped test, are
// failures.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const [folder = '.', began = '0', ...runs] = process.argv.slice(2);
const sum = { passed: 0, failed: 0, skipped: 0 };
const times = [];
for (const run of runs) {
  const report = read(run);
  if (report === undefined) {
    console.log(`${run}: no report, counted as one failure`);
    sum.failed += 1;
    continue;
  }
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, startTime, testResults } = report;
  times.push([run, Math.max(startTime, ...testResults.map(({ endTime }) => endTime)) - startTime]);
  if (/^(e2e|integration)/.test(run)) {
    for (const { name, startTime: began, endTime } of testResults)
      times.push([`  ${basename(name)}`, endTime - began]);
  }
  // A file that fails before its first test has no failed test.
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  for (const { name, message } of broken) tell(`${run}: failed: ${name}`, message);
  for (const { name, assertionResults } of testResults) {
    for (const test of assertionResults.filter((result) => result.status === 'failed')) {
      tell(`${run}: failed: ${name}: ${test.fullName}`, test.failureMessages.join('\n'));
    }
  }
  const skipped = numPendingTests + numTodoTests;
  console.log(
    `${run}: ${numPassedTests} passed, ${numFailedTests + broken.length} failed, ${skipped} skipped`,
  );
  sum.passed += numPassedTests;
  sum.failed += numFailedTests + broken.length;
  sum.skipped += skipped;
}
times.push(['all, with set-up and static checks', Date.now() - 1000 * Number(began)]);
for (const [what, milliseconds] of times) console.log(`${duration(milliseconds).padStart(7)}  ${what}`);
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exitCode = sum.failed > 0 || sum.skipped > 0 || sum.passed === 0 ? 1 : 0;

/** Where only the end of the output is kept, this is all there is to go by. */
function tell(what, message) {
  console.log(what);
  console.log(stripVTControlCharacters(message).slice(0, 2000));
}

function read(run) {
  try {
    return JSON.parse(readFileSync(join(folder, `${run}.json`), 'utf8'));
  } catch {
    return undefined;
  }
}

function duration(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
