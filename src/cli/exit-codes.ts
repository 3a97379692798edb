import type { ExitCode } from '../core/errors.ts';

/** What each exit code means, unless a verb has a meaning of its own for it. */
export const exitMeanings: Readonly<Record<ExitCode, string>> = {
  0: 'done',
  1: 'a fault in drover, or a file on this machine cannot be read or written',
  2: 'there are changes',
  3: 'a task failed',
  4: 'a host cannot be reached',
  5: 'inventory, playbook, variables, or what a host holds, are refused; nothing was changed',
  6: 'another run holds a host’s lock',
  7: 'a health check failed',
  8: 'the saved plan no longer fits; nothing was changed',
  64: 'wrong usage, or a question without a terminal to ask it on',
  130: 'interrupted, or not confirmed',
};

/** What any verb can exit with. */
export const always = [0, 1, 64] as const;
