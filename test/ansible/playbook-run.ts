import { execa } from 'execa';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { RunEvent } from '../../src/engine/events.ts';
import { layOut, type Case } from './playbook-cases.ts';
import type { ByTool, Pair, PlaybookHosts, Tool } from './playbook-hosts.ts';
import { AnsiblePrograms } from './programs.ts';

const root = join(import.meta.dirname, '../..');
const counted = ['ok', 'changed', 'unreachable', 'failed', 'skipped', 'rescued', 'ignored'] as const;

/** What one run of a playbook came to. */
interface Run {
  readonly output: string;
  readonly status: number | undefined;
  /** The recap's figures, by host; none where a run ended before. */
  readonly counts: Readonly<Record<string, string>>;
}

/** Runs playbooks with both tools, each on hosts of its own. */
export class PlaybookRunner {
  readonly #hosts: PlaybookHosts;
  /** Where playbooks are written, and drover's home. */
  readonly #folder: string;
  readonly #idle: AnsiblePrograms[] = [];

  constructor(hosts: PlaybookHosts, folder: string) {
    this.#hosts = hosts;
    this.#folder = folder;
  }

  async end(): Promise<void> {
    await Promise.all(this.#idle.map((programs) => programs.end()));
  }

  /** What is not as the case says it is. */
  faults(name: string, each: Case): Promise<string[]> {
    return this.#hosts.use(each.hosts, async (pairs) => {
      const at = join(this.#folder, name.replace(/\W+/g, '-'));
      const laidOut = (tool: Tool) => layOut(join(at, tool), tool, each, this.#hosts.inventory(tool, pairs));
      const args = { ansible: laidOut('ansible'), drover: laidOut('drover') };
      await Promise.all(pairs.map((pair) => pair.note(`rm -rf /srv/case; mkdir /srv/case\n${each.given}`)));
      try {
        return each.refused === undefined
          ? await this.#compare(each, pairs, args)
          : await this.#refusal(each.refused, pairs, args);
      } finally {
        await Promise.all(pairs.map((pair) => pair.both(each.undo)));
      }
    });
  }

  async #refusal(words: string, pairs: readonly Pair[], args: ByTool<string[]>): Promise<string[]> {
    const [theirs, ours] = await Promise.all([
      this.#runAnsible(['--syntax-check', ...args.ansible]),
      this.#runDrover(args.drover),
    ]);
    const changed = await Promise.all(pairs.map((pair) => pair.changes('')));
    return [
      theirs.status === 0 ? [] : `Ansible does not take it either: ${theirs.output}`,
      ours.output.includes(words) ? [] : `drover does not say "${words}": ${ours.output}`,
      ours.status === 4 || ours.status === 5 ? [] : `drover ended with ${ours.status ?? '?'}: ${ours.output}`,
      ...changed.map(({ drover }) => (drover.length === 0 ? [] : `drover changed ${drover.join('\n')}`)),
    ].flat();
  }

  async #compare(
    { differs = {}, look }: Case,
    pairs: readonly Pair[],
    args: ByTool<string[]>,
  ): Promise<string[]> {
    const first = await this.#runBoth(args);
    const state = await stateOf(pairs, look);
    const second = await this.#runBoth(args);
    const after = await stateOf(pairs, look);
    const found = (tool: Tool) => ({
      state: { first: state[tool], second: after[tool] },
      counts: first[tool].counts,
      rerun: second[tool].counts,
    });
    const [theirs, ours] = [found('ansible'), found('drover')];
    const faults = (['state', 'counts', 'rerun'] as const).flatMap((part) => {
      const isEqual = isDeepStrictEqual(theirs[part], ours[part]);
      const sentence = differs[part];
      const show = (data: unknown) => JSON.stringify(data, null, 1);
      if (isEqual) return sentence === undefined ? [] : [`${part}: nothing differs: ${show(ours[part])}`];
      if (sentence === undefined)
        return [`${part} of Ansible: ${show(theirs[part])}\n${part} of drover: ${show(ours[part])}`];
      return documentation().includes(sentence) ? [] : [`the documentation does not say "${sentence}"`];
    });
    const runs = [first.ansible, first.drover, second.ansible, second.drover];
    return faults.length === 0 ? [] : [...faults, ...runs.map(({ output }) => output)];
  }

  async #runBoth(args: ByTool<readonly string[]>): Promise<ByTool<Run>> {
    const [ansible, drover] = await Promise.all([
      this.#runAnsible(args.ansible),
      this.#runDrover(args.drover),
    ]);
    return { ansible, drover };
  }

  async #runAnsible(args: readonly string[]): Promise<Run> {
    const programs = this.#idle.pop() ?? new AnsiblePrograms();
    const { status, stdout, stderr } = await programs.run('ansible-playbook', args);
    this.#idle.push(programs);
    // Below "PLAY RECAP" each host has a line: one : ok=2 changed=1 …
    const recap = stdout.split(/^PLAY RECAP .*$/m)[1] ?? '';
    const lines = recap.split('\n').filter((line) => line.includes(' : '));
    const counts = lines.map((line) => {
      const [host = '', figures = ''] = line.split(' : ');
      return [host.trim(), figures.trim().replace(/\s+/g, ' ')] as const;
    });
    return { output: `${stdout}\n${stderr}`, status, counts: Object.fromEntries(counts) };
  }

  async #runDrover(args: readonly string[]): Promise<Run> {
    const all = [join(root, 'dist/drover.js'), 'play', '-y', '--json', ...args];
    const env = { HOME: this.#folder, XDG_CACHE_HOME: join(this.#folder, 'cache') };
    const options = { reject: false, cwd: this.#folder, env } as const;
    const { exitCode, stdout, stderr } = await execa(process.execPath, all, options);
    const lines = stdout.split('\n').filter((line) => line.startsWith('{"v":2'));
    const events = lines.map((line) => JSON.parse(line) as RunEvent);
    const told = events.filter(({ type }) => ['task', 'host', 'warning', 'plan'].includes(type));
    const recap = events.findLast((event) => event.type === 'recap')?.hosts ?? {};
    // Ansible has no line for a host that nothing was done on.
    const counts = Object.entries(recap)
      .filter(([, figures]) => counted.some((count) => figures[count] > 0))
      .map(
        ([host, figures]) => [host, counted.map((count) => `${count}=${figures[count]}`).join(' ')] as const,
      );
    const output = [...told.map((event) => JSON.stringify(event)), stderr].join('\n');
    return { output, status: exitCode, counts: Object.fromEntries(counts) };
  }
}

async function stateOf(pairs: readonly Pair[], look: string): Promise<ByTool<readonly string[]>> {
  const all = await Promise.all(pairs.map((pair) => pair.changes(look)));
  return {
    ansible: all.flatMap(({ ansible }) => ansible),
    drover: all.flatMap(({ drover }) => drover),
  };
}

/** The pages that list what differs from Ansible, each run of blanks as one. */
function documentation(): string {
  const docs = join(root, 'docs');
  const modules = readdirSync(join(docs, 'modules')).map((page) => join(docs, 'modules', page));
  return [join(docs, 'ansible.md'), ...modules]
    .map((page) => readFileSync(page, 'utf8'))
    .join('\n')
    .replace(/\s+/g, ' ');
}
