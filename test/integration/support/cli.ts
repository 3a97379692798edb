import { main } from '../../../src/cli/program.ts';

/** The command line as one file, for a machine of the tests. */
void main(process.argv).then((exitCode) => (process.exitCode = exitCode));
