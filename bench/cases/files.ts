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
  const { playbook, tree } = writeFiles(hosts.folder);
  const inventory = hosts.inventory('files', addresses);
  const unpack = quote(`mkdir -p ${target} && tar -xf - -C ${target}`);
  return [
    await compare(bench, {
      title: '(e) 1,000 small files on 4 hosts',
      contenders: [
        tools.drover('play', playbook, '-i', inventory, '--json'),
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

/** The files as a tree, and as a playbook with a task for the directories and one for the files. */
function writeFiles(folder: string): { playbook: string; tree: string } {
  const tree = join(folder, 'tree');
  const folders = Array.from({ length: 20 }, (_, index) => `d${index}`);
  const paths = folders.flatMap((name) => Array.from({ length: 50 }, (_, index) => `${name}/f${index}`));
  for (const path of paths) {
    mkdirSync(join(tree, dirname(path)), { recursive: true, mode: 0o755 });
    writeFileSync(join(tree, path), contentOf(path), { mode: 0o644 });
  }
  const owned = { owner: 'root', group: 'root' };
  const play = {
    hosts: 'all',
    gather_facts: false,
    tasks: [
      {
        file: { path: '{{ item }}', state: 'directory', mode: '0755', ...owned },
        loop: [target, ...folders.map((name) => `${target}/${name}`)],
      },
      {
        copy: { dest: `${target}/{{ item.path }}`, content: '{{ item.content }}', mode: '0644', ...owned },
        loop: paths.map((path) => ({ path, content: contentOf(path) })),
      },
    ],
  };
  const playbook = join(folder, 'files.yml');
  writeFileSync(playbook, JSON.stringify([play]));
  return { playbook, tree };
}

function contentOf(path: string): string {
  return `# ${path}\n${'setting = value\n'.repeat(30)}`;
}
