import { defineComponent } from '../component.ts';
import { probeWatchdog } from './probe.ts';
import { readSettings } from './settings.ts';
import { lookAtWatchdog } from './state.ts';

/** Resets a host whose Patroni hangs while it leads. */
export const watchdog = defineComponent({
  name: 'watchdog',
  title: 'watchdog',
  group: 'postgres',
  packages: () => [],
  ports: [],
  settings: readSettings,
  look: lookAtWatchdog,
  probes: probeWatchdog,
});
