import type { Command } from 'commander';
import { suggest } from '../core/diagnostics.ts';
import { UsageError } from '../core/errors.ts';

/** Verbs of other tools, and what drover has instead. */
export const elsewhere: Readonly<Record<string, string>> = {
  add: 'put the host into the inventory, then: drover provision',
  backup: 'backups are left to you for now: pgBackRest, or pg_basebackup through the port for reads',
  bootstrap: 'drover provision makes the cluster',
  check:
    'drover validate checks the inventory, drover verify the cluster, and --check shows what a verb would do',
  config: 'drover edit-config changes the configuration in the DCS',
  create: 'drover provision makes the cluster',
  delete: 'drover remove HOST takes a host out of the cluster',
  deploy: 'drover provision makes the cluster what the inventory says',
  destroy: 'drover remove HOST takes a host out of the cluster, drover lab down removes a lab',
  diff: 'drover plan -D shows the lines that differ',
  doctor: 'drover verify probes the cluster',
  health: 'drover verify probes the cluster',
  install: 'drover provision installs what is missing',
  list: 'drover status lists the members, drover inventory list-hosts the hosts',
  logs: 'drover exec postgres -b -- journalctl -u patroni -n 50   (etcd: -u etcd, HAProxy: -u haproxy)',
  maintenance: 'drover pause turns automatic failover off, drover resume turns it on again',
  ping: 'drover exec all true says which hosts answer',
  promote: 'drover switchover --to NODE makes a member the leader; drover failover where none leads',
  psql: 'drover status shows the addresses; psql -h HAPROXY -p 5000 reaches the leader, -p 5001 a replica',
  restore: 'docs/operations.md says how data is put back',
  rollback: 'put the inventory back as it was, then: drover plan, drover provision',
  run: 'drover play PLAYBOOK runs a playbook, drover exec HOSTS COMMAND a command',
  scale: 'put hosts into the inventory, then: drover provision; drover remove HOST takes one out',
  ssh: 'drover exec HOST COMMAND runs a command; drover lab ssh HOST logs in to a host of the lab',
  test: 'drover verify probes the cluster',
  topology: 'drover status shows who leads and who follows',
  unlock: 'a lock ends with its run; the message that names the holder says what to do',
  unpause: 'drover resume turns automatic failover on again',
  up: 'drover provision makes the cluster, drover lab up hosts to try it on',
  update: 'drover upgrade upgrades packages, drover provision rolls out the inventory',
  watch: 'drover status --watch',
};

/** Throws what to do instead of a verb that there is not. */
export function refuseVerb(word: string, parent: Command): never {
  const isTop = parent.parent === null;
  const path = isTop ? 'drover' : `drover ${parent.name()}`;
  const nearest = suggest(
    word,
    parent.commands.map((verb) => verb.name()),
  );
  const instead = nearest === undefined ? isTop && elsewhere[word] : `did you mean "${nearest}"?`;
  throw new UsageError(`there is no verb "${word}"${isTop ? '' : ` of ${path}`}`, {
    hint: instead || `${path} --help lists them`,
  });
}

/** Options of other tools, or of other verbs, and why this one has none. */
const foreignFlags: Readonly<Record<string, string>> = {
  '-b': 'this verb becomes root by itself where it has to; -K asks for the password that it takes',
  '--become': 'this verb becomes root by itself where it has to; -K asks for the password that it takes',
  '-y': 'this verb asks nothing',
  '--yes': 'this verb asks nothing',
  '--output': '--json prints JSON',
  '--format': '--json prints JSON',
  '--dry-run': '-C (--check) shows what would be done; drover plan what provision would change',
  '--hosts': '-l (--limit) selects hosts',
};

/** What to add to commander's message about an option that it does not know. */
export function explainFlag(message: string): string {
  const [, flag = ''] = /unknown option '([^'=]+)/.exec(message) ?? [];
  const why = foreignFlags[flag];
  return why === undefined ? '' : `  ${why}\n`;
}
