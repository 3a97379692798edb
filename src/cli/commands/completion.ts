import type { Command } from 'commander';
import { exitCodes, type ExitCode } from '../../core/errors.ts';
import { bashScript } from '../completion/bash.ts';
import { fishScript } from '../completion/fish.ts';
import { outlinesOf, type Outline } from '../completion/outline.ts';
import { zshScript } from '../completion/zsh.ts';
import { writeText } from '../print.ts';
import { Verb } from '../verb.ts';

export const shells: Readonly<Record<string, (outlines: readonly Outline[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** Prints a shell's script. */
export function completion(shell: string, _flags: unknown, verb: Command): Promise<ExitCode> {
  const { parent } = verb;
  if (parent instanceof Verb) writeText(process.stdout, shells[shell]?.(outlinesOf(parent)) ?? '');
  return Promise.resolve(exitCodes.ok);
}
