import type { Handlers } from '../handlers.ts';
import { asRoot, online } from '../options.ts';
import { positive } from '../option-values.ts';
import type { Verb } from '../verb.ts';

/** Verbs that look at the cluster and change nothing. */
export function addViews(program: Verb, { act }: Handlers): void {
  program
    .verb('status', 'show who leads and who follows, etcd and HAProxy')
    .option('-w, --watch', 'look again every two seconds, until Ctrl-C')
    .shares('limit', ...online, 'askBecomePass', 'json', 'color')
    .example('drover status', 'leader, replicas and their lag, etcd, HAProxy')
    .example('drover status -w', 'follows a switchover as it goes')
    .example('drover status --json | jq .leader', 'for a program')
    .exits([0, 'the cluster is whole'], 4, 5, [7, 'the cluster is not whole'], 130)
    .action(act(async () => (await import('../commands/status.ts')).status));
  program
    .verb('verify', 'probe everything that makes the cluster highly available')
    .option('--read-only', 'write no row through the cluster')
    .shares('limit', ...asRoot)
    .example('drover verify', 'what fails, or else what warns')
    .example('drover verify -v', 'every probe')
    .example('drover verify --read-only --json', 'for a monitoring system: writes nothing')
    .exits([0, 'no probe fails'], 4, 5, [7, 'a probe fails'], 130)
    .action(act(async () => (await import('../commands/verify.ts')).verify));
  program
    .verb('history', 'show what runs have changed, from the hosts’ journals')
    .argument('[run]', 'one run, with all it changed (default: the last runs)')
    .option('-n, --count <number>', 'how many runs (default: 20)', positive)
    .shares('limit', ...online, 'become', 'askBecomePass', 'json', 'color')
    .example('drover history', 'the last 20 runs')
    .example('drover history a9f3c2d1', 'one of them, with the lines it changed')
    .example('drover history -n 100 --json', 'for a program')
    .exits(4, [5, 'inventory or variables are refused, or there is no such run'])
    .action(act(async () => (await import('../commands/history.ts')).history));
}
