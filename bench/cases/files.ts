import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { quote } from '../../src/shell/quote.ts';
import { compare, ratioTo, sameState, type Bench, type Comparison } from '../compare.ts';
import { cold } from '../tools.ts';
import { state, undo } from '../work/work.ts';

const target = '/srv/files';

/** (e) A thousand small files, on hosts that have none of them. */
export async function files(bench: Bench): Promise<Comparison[]> {
  const { hosts, tools } = bench;
  const addresses = hosts.first(4);
  const { whole, each, tree } = writeFiles(hosts.folder);
  const play = (playbook: string) => tools.drover('play', playbook, '-i', inventory, '--json');
  const inventory = hosts.inventory('files', addresses);
  const unpack = quote(`mkdir -p ${target} && tar -xf - -C ${target}`);
  return [
    await compare(bench, {
      title: '(e) 1,000 small files on 4 hosts',
      contenders: [
        play(whole),
        { ...play(each), name: 'drover, a task for each file' },
        ...tools.ssh(
          addresses,
          'files',
          (ssh) => `tar -cf - --owner=0 --group=0 -C ${tree} . | ${ssh} ${unpack}`,
        ),
      ],
      before: () => hosts.everywhere(undo, addresses),
      after: sameState(bench, state, addresses),
      targets: (rows) => [ratioTo(rows, cold, 2)],
    }),
  ];
}

/** The files as a tree, and playbooks: one that brings it as it is, and one that loops over what is in it. */
function writeFiles(folder: string): { whole: string; each: string; tree: string } {
  const tree = join(folder, 'files', 'tree');
  const folders = Array.from({ length: 20 }, (_, index) => `d${index}`);
  const paths = folders.flatMap((name) => Array.from({ length: 50 }, (_, index) => `${name}/f${index}`));
  for (const path of paths) {
    mkdirSync(join(tree, dirname(path)), { recursive: true, mode: 0o755 });
    writeFileSync(join(tree, path), contentOf(path), { mode: 0o644 });
  }
  const owned = { owner: 'root', group: 'root' };
  const write = (name: string, tasks: readonly object[]) => {
    const playbook = join(folder, name);
    writeFileSync(playbook, JSON.stringify([{ hosts: 'all', gather_facts: false, tasks }]));
    return playbook;
  };
  return {
    tree,
    whole: write('files.yml', [
      { copy: { src: 'tree/', dest: target, mode: '0644', directory_mode: '0755', ...owned } },
    ]),
    each: write('each-file.yml', [
      {
        file: { path: '{{ item }}', state: 'directory', mode: '0755', ...owned },
        loop: [target, ...folders.map((name) => `${target}/${name}`)],
      },
      {
        copy: { dest: `${target}/{{ item.path }}`, content: '{{ item.content }}', mode: '0644', ...owned },
        loop: paths.map((path) => ({ path, content: contentOf(path) })),
      },
    ]),
  };
}

function contentOf(path: string): string {
  return `# ${path}\n${'setting = value\n'.repeat(30)}`;
}
