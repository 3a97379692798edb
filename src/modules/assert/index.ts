import * as z from 'zod';
import { changeFields, inSync, refused } from '../../plan/change.ts';
import { defineModule } from '../define-module.ts';

/** What the engine makes of an expression parameter before the module sees it. */
const Condition = z.object({ text: z.string(), holds: z.boolean() });

export const assert = defineModule({
  name: 'assert',
  docs: {
    summary:
      'Stops the host unless all conditions hold. What can be known is checked before the first change.',
    differences: ['Conditions are Handlebars expressions: `ge postgres_version 12`.'],
    example: `- assert:
    that:
      - eq facts.distro "debian"
    fail_msg: "{{inventory_hostname}} is no Debian"`,
  },
  params: z.strictObject({
    that: z
      .preprocess((value): unknown[] => (Array.isArray(value) ? value : [value]), z.array(Condition))
      .meta({ expression: true })
      .describe('A condition, or a list of them, all of which must hold.'),
    fail_msg: z.string().optional().describe('What is said when they do not; by default, which do not.'),
    hint: z.string().default('see the task for what it asks').describe('What to do about it.'),
    success_msg: z.string().optional().describe('Registered as NAME.msg when they hold.'),
    quiet: z.boolean().optional().describe('Taken for Ansible’s sake; nothing is printed per condition.'),
  }),
  change: z.strictObject({ ...changeFields }),
  readOnly: true,
  needs: () => ({}),
  diff(_facts, { that, fail_msg: message, hint, success_msg: success }) {
    const broken = that.filter((condition) => !condition.holds).map((condition) => condition.text);
    if (broken.length === 0) return inSync(success === undefined ? {} : { msg: success });
    return refused(message ?? `this does not hold: ${broken.join('; ')}`, hint);
  },
  apply: () => [],
  writes: () => [],
  aim: ({ that }) => that.map((condition) => condition.text).join(' and '),
});
