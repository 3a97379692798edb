import type { Component } from './component.ts';
import { etcd } from './etcd/index.ts';
import { haproxy } from './haproxy/index.ts';
import { patroni } from './patroni/index.ts';
import { watchdog } from './watchdog/index.ts';

/** Every component, in the order in which verify and status show them. */
export const components: readonly Component[] = [etcd, patroni, haproxy, watchdog];
