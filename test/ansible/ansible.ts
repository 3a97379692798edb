import { listed, type Listed } from '../inventories/cases.ts';
import { AnsiblePrograms, type Answer } from './programs.ts';

/** An inventory to ask Ansible about; all paths absolute. */
export interface Question {
  readonly sources: readonly string[];
  readonly playbookDir?: string;
  readonly args?: readonly string[];
  readonly patterns?: readonly string[];
}

/** What the installed Ansible makes of inventories; of one that it does not take, why. */
export async function askAnsible(questions: readonly Question[]): Promise<(Listed | string)[]> {
  const ansible = new AnsiblePrograms();
  const found: (Listed | string)[] = [];
  for (const { sources, playbookDir, args = [], patterns = [] } of questions) {
    const input = sources.flatMap((source) => ['-i', source]);
    const beside = playbookDir === undefined ? [] : ['--playbook-dir', playbookDir];
    const list = await ansible.run('ansible-inventory', [...input, ...beside, ...args, '--list']);
    const hosts: [string, string[]][] = [];
    for (const pattern of patterns) {
      const all = [...input, ...beside, ...args, pattern, '--list-hosts'];
      hosts.push([pattern, hostsIn(await ansible.run('ansible', all))]);
    }
    found.push(inventoryIn(list, hosts));
  }
  await ansible.end();
  return found;
}

function inventoryIn(list: Answer, hosts: readonly [string, string[]][]): Listed | string {
  if (list.status !== 0) return list.stderr;
  // It only warns of what it cannot read, and goes on without.
  if (/(Failed|Unable) to parse/.test(list.stderr)) return list.stderr;
  const data = listed(JSON.parse(list.stdout));
  return hosts.length === 0 ? data : { ...data, patterns: Object.fromEntries(hosts) };
}

/** Below "hosts (2):" each stands on a line. */
function hostsIn({ stdout }: Answer): string[] {
  return stdout
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
