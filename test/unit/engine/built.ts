import type { Play, Task } from '../../../src/config/playbook/model.ts';
import type { Instance } from '../../../src/engine/tasks/instance.ts';
import type { Module } from '../../../src/modules/define-module.ts';
import { command } from '../../../src/modules/command/index.ts';
import { inSync } from '../../../src/plan/change.ts';
import { scalarOf, scopeOver } from '../support.ts';

const hosts = scalarOf('hosts: all');

/** A play without tasks, as far as the test says. */
export function playWith(more: Partial<Play> = {}): Play {
  const vars = new Map();
  const none = { become: undefined, connection: undefined, rolling: undefined, serial: [], tasks: [] };
  return { at: hosts.range, name: 'play', hosts, vars, ...none, ...more };
}

/** A task of which nothing is said but this; it is a command unless the test says otherwise. */
export function taskWith({
  module,
  ...more
}: Partial<Omit<Task, 'module'>> & { module?: Partial<Module> } = {}): Task {
  return {
    kind: 'task',
    id: 0,
    at: hosts.range,
    name: undefined,
    module: { ...command, ...module },
    params: { kind: 'map', entries: [], range: hosts.range },
    folder: '/nowhere',
    source: undefined,
    when: [],
    loop: undefined,
    loopVariable: 'item',
    loopLabel: undefined,
    register: undefined,
    tags: [],
    vars: new Map(),
    includeVars: new Map(),
    become: undefined,
    becomeUser: undefined,
    becomeMethod: undefined,
    environment: undefined,
    noLog: false,
    checkMode: undefined,
    changedWhen: undefined,
    failedWhen: undefined,
    until: undefined,
    retries: 0,
    delay: 0,
    runOnce: false,
    delegateTo: undefined,
    ignoreErrors: false,
    provides: undefined,
    timeout: undefined,
    ...more,
  };
}

/** A task on host a that is in sync, as far as the test says. */
export function instanceWith({
  bound,
  ...more
}: Partial<Omit<Instance, 'bound'>> & { bound?: Partial<Instance['bound']> } = {}): Instance {
  const diff = () => inSync();
  const guard = () => undefined;
  return {
    task: taskWith(),
    host: 'a',
    name: 'task',
    label: undefined,
    scope: scopeOver({}),
    bound: {
      params: {},
      needs: [],
      aim: '',
      command: undefined,
      mayWrite: [],
      presumes: [],
      diff,
      guard,
      ...bound,
    },
    needs: [],
    presumes: [],
    isRead: false,
    become: false,
    becomeUser: undefined,
    environment: {},
    delegateTo: undefined,
    provides: undefined,
    diff,
    guard,
    ...more,
  };
}
