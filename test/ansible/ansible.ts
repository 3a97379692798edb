import { execa } from 'execa';
import { join } from 'node:path';
import { listed, type Listed } from '../inventories/cases.ts';

/** An inventory to ask Ansible about; all paths absolute. */
export interface Question {
  readonly sources: readonly string[];
  readonly playbookDir?: string;
  readonly args?: readonly string[];
  readonly patterns?: readonly string[];
}

interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the installed Ansible makes of inventories; of one that it does not take, why. */
export async function askAnsible(questions: readonly Question[]): Promise<(Listed | string)[]> {
  const requests = questions.flatMap(({ sources, playbookDir, args = [], patterns = [] }) => {
    const input = sources.flatMap((source) => ['-i', source]);
    const beside = playbookDir === undefined ? [] : ['--playbook-dir', playbookDir];
    return [
      { program: 'ansible-inventory', args: [...input, ...beside, ...args, '--list'] },
      ...patterns.map((pattern) => ({
        program: 'ansible',
        args: [...input, ...beside, ...args, pattern, '--list-hosts'],
      })),
    ];
  });
  const { stdout } = await execa('/usr/bin/python3', [join(import.meta.dirname, 'many.py')], {
    input: requests.map((request) => JSON.stringify(request)).join('\n'),
  });
  const answers = stdout.split('\n').map((line) => JSON.parse(line) as Answer);
  return questions.map(({ patterns = [] }) => {
    const list = answers.shift();
    const hosts = patterns.map((pattern) => [pattern, hostsIn(answers.shift())] as const);
    if (!list || list.status !== 0) return list?.stderr ?? 'no answer';
    // It only warns of what it cannot read, and goes on without.
    if (/(Failed|Unable) to parse/.test(list.stderr)) return list.stderr;
    const data = listed(JSON.parse(list.stdout));
    return patterns.length === 0 ? data : { ...data, patterns: Object.fromEntries(hosts) };
  });
}

/** Below "hosts (2):" each stands on a line. */
function hostsIn(answer: Answer | undefined): string[] {
  return (answer?.stdout ?? '')
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
