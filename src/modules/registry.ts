import { apt } from './apt/index.ts';
import { aptRepository } from './apt-repository/index.ts';
import { assert } from './assert/index.ts';
import { blockinfile } from './blockinfile/index.ts';
import { command } from './command/index.ts';
import { copy } from './copy/index.ts';
import { debug } from './debug/index.ts';
import type { Module } from './define-module.ts';
import { etcdMember } from './etcd-member/index.ts';
import { fail } from './fail/index.ts';
import { file } from './file/index.ts';
import { freeSpace } from './free-space/index.ts';
import { group } from './group/index.ts';
import { hostname } from './hostname/index.ts';
import { inForce } from './in-force/index.ts';
import { lineinfile } from './lineinfile/index.ts';
import { modprobe } from './modprobe/index.ts';
import { patroniConfig } from './patroni-config/index.ts';
import { patroniMember } from './patroni-member/index.ts';
import { patroniRestart } from './patroni-restart/index.ts';
import { portsFree } from './ports-free/index.ts';
import { postgresAlterSystem } from './postgres-alter-system/index.ts';
import { postgresFiles } from './postgres-files/index.ts';
import { postgresQuery } from './postgres-query/index.ts';
import { postgresRole } from './postgres-role/index.ts';
import { service, systemdService } from './service/index.ts';
import { setFact } from './set-fact/index.ts';
import { shell } from './shell/index.ts';
import { stat } from './stat/index.ts';
import { sysctl } from './sysctl/index.ts';
import { systemdUnit } from './systemd-unit/index.ts';
import { template } from './template/index.ts';
import { udevRule } from './udev-rule/index.ts';
import { uri } from './uri/index.ts';
import { user } from './user/index.ts';
import { waitFor } from './wait-for/index.ts';

const all: readonly Module[] = [
  apt,
  aptRepository,
  assert,
  blockinfile,
  command,
  copy,
  debug,
  etcdMember,
  fail,
  file,
  freeSpace,
  group,
  hostname,
  inForce,
  lineinfile,
  modprobe,
  patroniConfig,
  patroniMember,
  patroniRestart,
  portsFree,
  postgresAlterSystem,
  postgresFiles,
  postgresQuery,
  postgresRole,
  service,
  setFact,
  shell,
  stat,
  sysctl,
  systemdService,
  systemdUnit,
  template,
  udevRule,
  uri,
  user,
  waitFor,
];

/** Every module by its name. */
export const modules: ReadonlyMap<string, Module> = new Map(all.map((module) => [module.name, module]));
