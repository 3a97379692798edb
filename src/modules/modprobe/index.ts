import * as z from 'zod';
import { needKernelModule } from '../../facts/kernel.ts';
import { changed, changeFields, inSync, outdate, refused } from '../../plan/change.ts';
import { run } from '../../plan/operation.ts';
import { quote } from '../../shell/quote.ts';
import { defineModule } from '../define-module.ts';

export const modprobe = defineModule({
  name: 'modprobe',
  docs: {
    summary: 'Loads a kernel module, or takes one out.',
    differences: [
      'No `persistent`: write /etc/modules-load.d/NAME.conf with copy. A blacklist does not stop it.',
    ],
    example: `- modprobe:
    name: softdog`,
  },
  params: z.strictObject({
    name: z
      .string()
      .regex(/^[\w-]+$/, 'is not the name of a kernel module')
      .describe('The kernel module.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether it is to be loaded.'),
    params: z.string().default('').describe('Parameters for it, used when it is loaded.'),
  }),
  change: z.strictObject({ ...changeFields, load: z.boolean(), params: z.string() }),
  needs: ({ name }) => ({ module: needKernelModule(name) }),
  diff({ module }, { name, state, params }) {
    const load = state === 'present';
    if (module.loaded === load) return inSync();
    if (load && !module.available) {
      return refused(
        `this kernel has no module ${name}`,
        'on Ubuntu it is in linux-modules-extra-$(uname -r)',
      );
    }
    return changed({ action: load ? 'start' : 'stop', resource: `kernel module ${name}`, load, params });
  },
  apply({ resource, load, params }) {
    const name = quote(resource.replace('kernel module ', ''));
    return [run(load ? `modprobe -- ${name} ${params}` : `modprobe -r -- ${name}`)];
  },
  writes: ({ resource }) => [outdate(needKernelModule(resource.replace('kernel module ', '')))],
  aim: ({ name, state }) => `kernel module ${name} ${state === 'present' ? 'loaded' : 'not loaded'}`,
});
