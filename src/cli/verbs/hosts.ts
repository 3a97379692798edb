import type { Handlers } from '../handlers.ts';
import { offline, online } from '../options.ts';
import type { Verb } from '../verb.ts';

/** Verbs about hosts and inventories, with a cluster on them or without. */
export function addHostVerbs(program: Verb, { act }: Handlers): void {
  program
    .verb('validate', 'check inventory, playbooks and templates without connecting')
    .argument('[playbook]', 'a playbook of yours (default: playbooks/site.yml of drover)')
    .shares('limit', ...offline)
    .example('drover validate', 'before a first provision, and after each edit')
    .example('drover validate users.yml', 'a playbook of your own')
    .example('drover validate -e postgres_version=17', 'as if the inventory said so')
    .exits([0, 'no mistakes were found'], [5, 'there are mistakes'])
    .action(act(async () => (await import('../commands/validate.ts')).validate));
  program
    .verb('exec', 'run a shell command on hosts')
    .argument('<pattern>', 'hosts and groups: node1, etcd:haproxy, postgres:!node3')
    .argument('<command...>', 'command line for the shell; its options are its own')
    .endsInCommand()
    .shares('limit', ...online, 'become', 'askBecomePass', 'json')
    .example('drover exec all uptime', 'on every host')
    .example('drover exec postgres -b -- journalctl -u patroni -n 20', 'as root')
    .example("drover exec 'all:!node1' 'df -h | grep /var'", 'not on node1')
    .exits([0, 'the command succeeded everywhere'], [3, 'the command failed on a host'], 4, 5)
    .action(act(async () => (await import('../commands/exec.ts')).exec));
  program
    .verb('facts', 'print what hosts are as JSON: release, addresses, virtualisation')
    .argument('[pattern]', 'hosts and groups', 'all')
    .shares('limit', ...online)
    .example('drover facts', 'of all hosts')
    .example('drover facts node1', 'of one')
    .example('drover facts -l postgres', 'of a group')
    .exits(4, 5)
    .action(act(async () => (await import('../commands/facts.ts')).facts));
  const inventory = program
    .verb('inventory', 'print hosts, groups and variables as they are read')
    .example('drover inventory list', 'everything as JSON')
    .example('drover inventory list-hosts', 'the hosts’ names')
    .example("drover inventory list-hosts 'postgres:!node1'", 'the hosts a pattern selects');
  const playbookDir = [
    '--playbook-dir <folder>',
    'folder of the playbooks, whose group_vars and host_vars count',
    '.',
  ] as const;
  inventory
    .verb('list', 'everything as JSON, in Ansible’s form')
    .option(...playbookDir)
    .shares(...offline)
    .example('drover inventory list | jq ._meta', 'the variables of each host')
    .exits(5)
    .action(act(async () => (await import('../commands/inventory.ts')).list));
  inventory
    .verb('list-hosts', 'the hosts a pattern selects')
    .argument('[pattern]', 'hosts and groups', 'all')
    .option(...playbookDir)
    .shares('limit', ...offline)
    .example('drover inventory list-hosts etcd', 'the hosts of a group')
    .exits(5)
    .action(act(async () => (await import('../commands/inventory.ts')).listHosts));
}
