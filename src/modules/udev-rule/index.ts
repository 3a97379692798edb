import * as z from 'zod';
import { run } from '../../plan/operation.ts';
import { defineModule } from '../define-module.ts';
import { applyFile, diffFile, FileChange, needsOfFile, writesOfFile } from '../file-content.ts';

const pathOf = (name: string): string => `/etc/udev/rules.d/${name.replace(/\.rules$/, '')}.rules`;

export const udevRule = defineModule({
  name: 'udev_rule',
  docs: {
    summary: 'Writes a udev rule, has udev read it and apply it to the devices that are there.',
    example: `- udev_rule:
    name: 61-watchdog
    content: |
      KERNEL=="watchdog", OWNER="postgres", GROUP="postgres"`,
  },
  params: z.strictObject({
    name: z
      .string()
      .regex(/^[\w.-]+$/, 'must be a plain name')
      .describe('File name, with its number: rules apply in that order.'),
    content: z.string().describe('The rules.'),
  }),
  change: FileChange,
  needs: ({ name, content }, context) => needsOfFile(pathOf(name), context.digest(content)),
  diff: (facts, { name, content }, context) =>
    diffFile(facts, { dest: pathOf(name), content, mode: '644' }, context),
  apply: (change) => [
    run('mkdir -p /etc/udev/rules.d'),
    ...applyFile(change),
    // A container has the folder and no udev.
    run(
      'if command -v udevadm >/dev/null && udevadm control --ping 2>/dev/null; then udevadm control --reload; udevadm trigger --settle; fi',
    ),
  ],
  writes: writesOfFile,
  aim: ({ name }) => pathOf(name),
});
