import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Machine } from './support/machine.ts';

const password = `pass's word`;
let machine: Machine;

beforeAll(async () => {
  machine = await Machine.start('local');
  copyFileSync(process.execPath, join(machine.root, 'usr/local/bin/node'));
  await build({
    entryPoints: [join(import.meta.dirname, 'support/cli.ts')],
    outfile: join(machine.root, 'opt/drover.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['cpu-features', '*.node'],
    define: { 'import.meta.dirname': '__dirname' },
  });
  await machine.addUser('olga', { password });
  await machine.run(`umask 337; echo 'olga ALL=(ALL) ALL' > /etc/sudoers.d/olga`);
});
afterAll(() => machine.stop());

/** Runs drover in the machine, by a user who can become root with the password. */
async function drover(verb: string, inventory: string, what: string) {
  writeFileSync(join(machine.root, 'srv/hosts.yml'), inventory);
  const isPlaybook = what.startsWith('- ');
  if (isPlaybook) writeFileSync(join(machine.root, 'srv/p.yml'), what);
  const line = `node /opt/drover.cjs ${verb} -i /srv/hosts.yml ${isPlaybook ? '/srv/p.yml' : what}`;
  const output = await machine.run(`su - olga -c "cat | sh" 2>&1 && echo exit 0 || echo "exit $?"`, line);
  return { output, exitCode: Number(/exit (\d+)$/.exec(output)?.[1]) };
}

const nobody = 'all: { hosts: { elsewhere: { ansible_host: 198.18.255.1 } } }\n';
const ours = `- hosts: localhost
  tasks:
    - { name: own, copy: { dest: /tmp/own, content: '{{ facts.distro }}', owner: olga, group: olga } }
`;

describe('localhost without an entry in the inventory', () => {
  test('is planned, done, and found done, by the user who runs drover', async () => {
    expect(await drover('play -C', nobody, ours)).toMatchObject({ exitCode: 2 });
    await machine.run('[ ! -e /tmp/own ]');
    expect(await drover('play', nobody, ours)).toMatchObject({ exitCode: 0 });
    expect(await machine.run('stat -c %U /tmp/own; cat /tmp/own')).toBe('olga\ndebian');
    const again = await drover('play', nobody, ours);
    expect(again.output).toMatch(/localhost .*ok=1 +changed=0/);
  });

  test('is in no group, and none of the hosts', async () => {
    const { output, exitCode } = await drover('exec -l elsewhere', nobody, 'localhost id');
    expect([output, exitCode]).toEqual([expect.stringContaining('no hosts matched'), 5]);
    expect((await drover('exec', nobody, 'localhost id -un')).output).toContain('olga');
  });
});

describe('a host with connection local', () => {
  const asRoot = `- hosts: me
  become: true
  tasks:
    - { name: roots, copy: { dest: /root/by-local, content: x } }
    - { name: others, command: { cmd: touch /tmp/others, creates: /tmp/others }, become_user: nobody }
    - { name: there, command: touch /tmp/delegated, args: { creates: /tmp/delegated }, delegate_to: localhost, become: false }
`;

  test.each([
    ['by the inventory', 'ansible_connection: local, ', asRoot],
    ['by the play', '', asRoot.replace('become: true', 'become: true\n  connection: local')],
  ])(
    '%s: becomes root by sudo with a password, is locked and has a journal',
    async (_, connection, plays) => {
      await machine.run('rm -rf /root/by-local /tmp/others /tmp/delegated /var/lib/drover /run/drover');
      const host = `all: { hosts: { me: { ${connection}ansible_become_password: "${password}" } } }\n`;
      const { output, exitCode } = await drover('play', host, plays);
      expect(output).toMatch(/me .*changed=3/);
      expect(exitCode).toBe(0);
      expect(await machine.run('stat -c %U /root/by-local /tmp/others /tmp/delegated')).toBe(
        'root\nnobody\nolga',
      );
      expect(await machine.run('cat /run/drover/holder')).toContain('olga@local');
      expect(await machine.run('cat /var/lib/drover/journal')).toContain('/root/by-local');
      expect((await drover('play', host, plays)).output).toMatch(/me .*ok=3 +changed=0/);
      expect((await drover('drift', host, plays)).exitCode).toBe(0);
    },
  );

  test('is not root’s with a wrong password', async () => {
    const host = 'all: { hosts: { me: { ansible_connection: local, ansible_become_password: wrong } } }\n';
    const { output, exitCode } = await drover('play', host, asRoot);
    expect(output).toMatch(/me: sudo refused: [^;].*incorrect password/);
    expect(exitCode).toBe(4);
  });
});
