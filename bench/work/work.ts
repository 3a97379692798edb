import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve('bench/work');

export const twentyTasks = join(folder, 'twenty.yml');
export const twentyByHand = join(folder, 'twenty.sh');

/** Takes all the work back. */
export const undo = readFileSync(join(folder, 'undo.sh'), 'utf8');

/** Prints a digest of all that the work settles. */
export const state = readFileSync(join(folder, 'state.sh'), 'utf8');

/** Does the work, past all tools. */
export const byHand = readFileSync(twentyByHand, 'utf8');
