import type { Handlers } from '../handlers.ts';
import { asRoot } from '../options.ts';
import { collect, futureTime } from '../option-values.ts';
import type { Verb } from '../verb.ts';

const whole = ['check', 'yes', 'lockTimeout'] as const;
const failures = [
  [2, 'with --check: there is something to do'],
  3,
  4,
  5,
  6,
  [7, 'the operation is refused, or the cluster is not healthy'],
  130,
] as const;
const to = ['--to <node>', 'the new leader (default: the fittest member, least behind)'] as const;

/** Verbs that operate a running cluster. There is no --limit: they always concern the whole of it. */
export function addOperations(program: Verb, { act, operate }: Handlers): void {
  const operation = (name: string, summary: string) => program.verb(name, summary).exits(...failures);

  operation('switchover', 'make another member the leader, planned')
    .option(...to)
    .option('--at <time>', 'have Patroni do it later; ISO 8601 with zone', futureTime)
    .option('--cancel', 'take back what --at has scheduled')
    .takes(...whole)
    .shares(...asRoot)
    .example('drover switchover', 'to the member that is least behind')
    .example('drover switchover --to node2 -y', 'to node2, without asking')
    .example('drover switchover --at 2030-01-31T22:30+01:00', 'at night')
    .action(operate(async () => (await import('../../actions/switchover.ts')).switchover));
  operation('failover', 'make a member the leader, with a leader or without')
    .option(...to)
    .takes(...whole)
    .shares(...asRoot)
    .example('drover failover -C', 'who would lead, and what that would lose')
    .example('drover failover', 'to the fittest member')
    .example('drover failover --to node2', 'to node2')
    .action(operate(async () => (await import('../../actions/failover.ts')).failover));
  operation('restart', 'restart PostgreSQL, one member after the other')
    .argument('[node...]', 'members (default: those that wait for a restart)')
    .takes(...whole)
    .shares(...asRoot)
    .example('drover restart', 'members with settings that wait for a restart')
    .example('drover restart node1 node2', 'these two')
    .example('drover restart -C', 'in which order, and what that interrupts')
    .action(operate(async () => (await import('../../actions/restart.ts')).restart));
  operation('reload', 'have members read their configuration again')
    .argument('[node...]', 'members (default: all)')
    .takes(...whole)
    .shares(...asRoot)
    .example('drover reload', 'all members')
    .example('drover reload node3', 'one of them')
    .example('drover reload -C', 'only shows what would be done')
    .action(operate(async () => (await import('../../actions/reload.ts')).reload));
  operation('reinit', 'have a replica delete its data and clone the leader')
    .argument('<node>', 'member')
    .takes(...whole)
    .shares(...asRoot)
    .example('drover reinit node3', 'asks before node3’s data is deleted')
    .example('drover reinit node3 -C', 'what it would do')
    .example('drover reinit node3 -y', 'without asking')
    .action(operate(async () => (await import('../../actions/reinit.ts')).reinit));
  operation('pause', 'turn automatic failover off')
    .takes(...whole)
    .shares(...asRoot)
    .example('drover pause', 'before maintenance')
    .example('drover pause -C', 'only shows what would be done')
    .example('drover resume', 'ends it')
    .action(operate(async () => (await import('../../actions/pause.ts')).pause));
  operation('resume', 'resume a run that did not finish, or end a pause')
    .argument('[run]', 'run of drover history (default: turn automatic failover on again)')
    .takes(...whole, 'diff', 'timings', 'skipUnreachable', 'verify')
    .shares(...asRoot, 'become')
    .example('drover resume', 'ends drover pause')
    .example('drover resume a9f3c2d1', 'finishes that run, from any controller')
    .example('drover resume a9f3c2d1 -C', 'what is left of it')
    .action(act(async () => (await import('../commands/resume.ts')).resume));
  operation('edit-config', 'change the configuration in the DCS; without options in an editor')
    .option(
      '-s, --set <key=value>',
      'one setting, dots between keys; null deletes; may be repeated',
      collect,
      [],
    )
    .option('--apply <file>', 'settings in YAML, - for standard input; null deletes')
    .takes(...whole)
    .shares(...asRoot)
    .example('drover edit-config', 'opens $EDITOR')
    .example('drover edit-config -s ttl=40', 'sets one')
    .example('drover edit-config -s postgresql.parameters.work_mem=null', 'takes one out')
    .action(act(async () => (await import('../commands/edit-config.ts')).editConfig));
  operation('rebalance', 'move etcd’s leader off the database leader’s host')
    .takes(...whole)
    .shares(...asRoot)
    .example('drover rebalance', 'if both are on one host')
    .example('drover rebalance -C', 'whether they are')
    .example('drover rebalance --json', 'for a program that reads the events')
    .action(operate(async () => (await import('../../actions/rebalance.ts')).rebalance));
  operation('remove', 'take a host out of the cluster, even a dead one')
    .argument('<host>', 'host of the inventory, or member of the cluster')
    .takes(...whole, 'verify')
    .shares(...asRoot)
    .example('drover remove node3', 'out of etcd and Patroni, and the others’ files follow')
    .example('drover remove node3 -C', 'the steps')
    .example('drover remove node3 --no-verify', 'without probing the cluster afterwards')
    .action(operate(async () => (await import('../../actions/remove.ts')).remove));
  operation('replace', 'have a new host take the place of another, even a dead one')
    .argument('<old>', 'host that goes')
    .argument('<new>', 'host that comes, in the same groups of the inventory')
    .takes(...whole, 'verify')
    .shares(...asRoot)
    .example('drover replace node3 node4', 'node4 joins, node3 goes')
    .example('drover replace node3 node4 -C', 'the steps')
    .example('drover replace node3 node4 -y', 'without asking')
    .action(operate(async () => (await import('../../actions/replace.ts')).replace));
}
