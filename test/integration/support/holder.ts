import { Vault } from '../../../src/core/secrets.ts';
import { HostRun } from '../../../src/engine/hosts/host-run.ts';
import { describeHolder, lockHosts } from '../../../src/engine/hosts/lock.ts';
import { ConnectionPool } from '../../../src/transport/pool.ts';
import type { Target } from '../../../src/transport/target.ts';
import { lockOptions } from './lock-options.ts';

/** Another controller, in a process that can be killed: locks a host, says so, and runs a script there. */
async function hold(target: Target, script: string): Promise<void> {
  const connection = await new ConnectionPool(1).connect(target);
  const host = new HostRun(target.name, connection, new Vault());
  await lockHosts([host], lockOptions(describeHolder('other', 'a test')));
  const running = host.run(script, true);
  process.stdout.write('held\n');
  await running;
  setInterval(() => undefined, 1000);
}

void hold(JSON.parse(process.argv[2] ?? '') as Target, process.argv[3] ?? '');
