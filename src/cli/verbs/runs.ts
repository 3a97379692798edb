import type { Handlers } from '../handlers.ts';
import { asRoot, withPlan } from '../options.ts';
import type { Verb } from '../verb.ts';

const tasks = ['tags', 'skipTags'] as const;
const shown = ['diff', 'timings', 'skipUnreachable'] as const;
const asked = ['yes', 'lockTimeout'] as const;
const failures = [3, 4, 5, 6, 7, 130] as const;
const pending = [2, 'with --check: there are changes'] as const;
const ownOrSite = 'a playbook of yours (default: playbooks/site.yml of drover)';

/** Verbs that plan a playbook, and carry the plan out. */
export function addRuns(program: Verb, { act, play }: Handlers): void {
  program
    .verb('provision', 'make the cluster what the inventory says, and verify it')
    .takes(...tasks, 'check', ...shown, ...asked, 'verify')
    .shares('limit', ...asRoot)
    .example('drover provision', 'shows the plan, carries it out, verifies the cluster')
    .example('drover provision -y --json', 'from a program: asks nothing, prints events')
    .example('drover provision -C -D', 'only shows the changes, with the lines that differ')
    .exits(pending, ...failures)
    .action(act(async () => (await import('../commands/provision.ts')).provision));
  program
    .verb('upgrade', 'upgrade the cluster’s packages, host by host, and verify it')
    .takes(...tasks, 'check', ...shown, ...asked, 'verify')
    .shares('limit', ...asRoot)
    .example('drover upgrade -C', 'which packages are newer')
    .example('drover upgrade', 'upgrades them, the leader’s host last')
    .example('drover upgrade -l node2', 'on one host only')
    .exits(pending, ...failures)
    .action(
      play(
        'upgrade',
        async () => (await import('../../actions/upgrade.ts')).upgrade,
        'playbooks/upgrade.yml',
      ),
    );
  program
    .verb('plan', 'show what provision, or a playbook, would change')
    .argument('[playbook]', ownOrSite)
    .option('-o, --out <file>', 'save the plan to a file, for drover apply')
    .takes(...tasks, ...shown)
    .shares('limit', ...asRoot, 'become')
    .example('drover plan', 'what provision would change')
    .example('drover plan -D -l node1', 'on one host, with the lines that differ')
    .example('drover plan -o change.plan', 'saves it: drover apply change.plan')
    .exits([0, 'nothing to change'], 2, 3, 4, 5, 7, 130)
    .action(play('plan', async () => (await import('../../actions/plan.ts')).plan));
  program
    .verb('apply', 'carry out a saved plan exactly, or refuse')
    .argument('<file>', 'what plan -o has written')
    .takes('diff', 'timings', ...asked)
    .shares(...withPlan)
    .example('drover apply change.plan', 'makes those changes, or says what has moved')
    .example('drover apply change.plan -y', 'without asking before a service is interrupted')
    .example('drover apply change.plan --json', 'for a program that reads the events')
    .exits(...failures, 8)
    .action(act(async () => (await import('../commands/apply.ts')).apply));
  program
    .verb('play', 'run a playbook')
    .argument('<playbook>', 'file of the playbook')
    .takes(...tasks, 'check', ...shown, ...asked)
    .shares('limit', ...asRoot, 'become')
    .example('drover play users.yml', 'plans it, then carries it out')
    .example('drover play users.yml -C', 'only plans it')
    .example('drover play users.yml -t keys -b', 'tasks with the tag keys, as root')
    .exits(pending, ...failures)
    .action(play('play', async () => (await import('../../actions/play.ts')).play));
  program
    .verb('drift', 'tell changes made on the hosts by hand from changes of the inventory')
    .argument('[playbook]', ownOrSite)
    .takes(...tasks, 'diff', 'skipUnreachable')
    .shares('limit', ...asRoot.filter((name) => name !== 'verbose'), 'become')
    .example('drover drift', 'what provision would undo, and what it would roll out')
    .example('drover drift -D', 'with the lines that differ')
    .example('drover drift --json -l etcd', 'as JSON, of one group')
    .exits(
      [0, 'no drift, and nothing to change'],
      [2, 'there is drift, or something to change'],
      3,
      4,
      5,
      7,
      130,
    )
    .action(act(async () => (await import('../commands/drift.ts')).drift));
}
