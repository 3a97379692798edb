import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { boot, findMachine, powerOff } from '../../src/lab/machine.ts';
import { namesOf } from '../../src/lab/names.ts';
import { labName } from '../lab-name.ts';
import { labRelease } from '../lab-release.ts';
import { expectExit, drover, finished, start, writeInventory } from './harness.ts';

const name = labName('lab');
const twoHosts = writeInventory(`all:
  vars: { cluster_name: lab }
  hosts:
    left: { ansible_host: 10.0.0.1 }
    right: { ansible_host: 10.0.0.2 }
`);

const lab = (verb: string, ...args: string[]) => drover('lab', verb, '--name', name, ...args);
const upWith = ['--from', twoHosts, '--release', labRelease];
const up = () => lab('up', ...upWith);
const ssh = (host: string, command: string) => lab('ssh', host, command);

async function states(): Promise<Record<string, string>> {
  const { stdout } = await lab('status', '--json');
  const hosts = JSON.parse(stdout) as { name: string; address: string; state: string }[];
  return Object.fromEntries(hosts.map((host) => [host.name, host.state]));
}

async function addressOf(host: string): Promise<string> {
  const { stdout } = await lab('status', '--json');
  const hosts = JSON.parse(stdout) as { name: string; address: string }[];
  return hosts.find((item) => item.name === host)?.address ?? '';
}

/** All that bears the lab's name on this machine. */
async function remains(): Promise<string[]> {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const processes = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid));
  const commands = processes.map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  });
  const lists = await Promise.all([
    execa('ip', ['netns', 'list']),
    execa('ip', ['-o', 'link']),
    execa('nft', ['list', 'tables']),
    execa('ls', ['-1', '/run/drover/lab', '/var/lib/drover-lab'], { reject: false }),
    execa('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-type', 'd']),
  ]);
  const lines = [
    ...mounts,
    ...commands.filter((command) => command.startsWith('systemd-nspawn')),
    ...lists.flatMap(({ stdout }) => stdout.split('\n')),
  ];
  return lines.filter((line) => line.includes(`drover-${name}`) || line.includes(name));
}

afterAll(() => lab('down'));

describe('drover lab', () => {
  it('makes hosts that behave as VMs: systemd, sshd, a name and an address of their own', async () => {
    await lab('down');
    expectExit(await up(), 0);
    expect(await states()).toEqual({ left: 'running', right: 'running' });
    const { stdout } = await ssh(
      'left',
      'hostname; hostname -I; systemctl is-active ssh; . /etc/os-release; echo $VERSION_ID',
    );
    expect(stdout.split(/\s+/)).toEqual(['left', await addressOf('left'), 'active', labRelease]);
    expectExit(
      await ssh(
        'left',
        `ping -c1 -W2 ${await addressOf('right')} || timeout 2 bash -c 'exec 3<>/dev/tcp/${await addressOf('right')}/22'`,
      ),
      0,
    );
  });

  it('gives each host control groups of its own', async () => {
    const { stdout } = await execa('find', ['/sys/fs/cgroup', '-path', `*/drover-${name}-*/ssh.service`]);
    const owners = stdout.split('\n').map((path) => new RegExp(`drover-${name}-(\\w+)/`).exec(path)?.[1]);
    expect(new Set(owners)).toEqual(new Set(['left', 'right']));
  });

  it('leaves hosts alone that run', async () => {
    const booted = (await ssh('left', 'cat /proc/1/stat | cut -d" " -f22')).stdout;
    expectExit(await up(), 0);
    expect((await ssh('left', 'cat /proc/1/stat | cut -d" " -f22')).stdout).toBe(booted);
    const other = await lab('up', '--from', twoHosts, '--release', labRelease === '12' ? '13' : '12');
    expectExit(other, 64);
    expect(other.stderr).toContain('left is there already, with another release of Debian');
  });

  it('keeps the disk of a host that lost its power', async () => {
    await ssh('left', 'echo kept >/root/kept; sync');
    expectExit(await lab('kill', 'left'), 0);
    expect(await states()).toEqual({ left: 'off', right: 'running' });
    expectExit(await lab('start', 'left'), 0);
    expect((await ssh('left', 'cat /root/kept')).stdout).toBe('kept');
  });

  it('never takes a host that boots for one that is off', async () => {
    const names = namesOf(name);
    for (let round = 0; round < 8; round++) {
      await powerOff(names, 'left', false);
      await boot(names, 'left');
      const end = Date.now() + 200;
      // Nothing is awaited in here: the moments to find are shorter than a timer's.
      while (Date.now() < end) expect(findMachine(names, 'left')).toBeDefined();
    }
    expectExit(await lab('start', 'left'), 0);
  });

  it('says what a host said last that does not boot', async () => {
    expectExit(await lab('kill', 'left'), 0);
    const init = `/var/lib/drover-lab/${name}/left/root/lib/systemd/systemd`;
    chmodSync(init, 0o644);
    const outcome = await lab('start', 'left');
    expectExit(outcome, 3);
    expect(outcome.stderr).toContain('left went off as it booted');
    expect(outcome.stderr).toMatch(/execv.*failed: Permission denied/);
    chmodSync(init, 0o755);
    expectExit(await lab('start', 'left'), 0);
  });

  it('is ready when a host lets everybody in, and not as soon as root gets there', async () => {
    const unit = 'systemd-user-sessions.service';
    // Both are started at the same time; as a rule this one is done first.
    const late = `[Service]\\nExecStartPre=/bin/sleep 3\\n`;
    const folder = `/etc/systemd/system/${unit}.d`;
    await ssh('left', `mkdir ${folder} && printf '${late}' >${folder}/late.conf && sync`);
    expectExit(await lab('kill', 'left'), 0);
    expectExit(await lab('start', 'left'), 0);
    expect((await ssh('left', `systemctl is-active ${unit}; ls /run/nologin`)).stdout).toBe('active');
  });

  it('cuts a host off from the others, and not from this machine', async () => {
    const right = await addressOf('right');
    const reach = () => ssh('left', `timeout 2 bash -c 'exec 3<>/dev/tcp/${right}/22' && echo reached`);
    expect((await reach()).stdout).toBe('reached');
    expectExit(await lab('partition', 'right'), 0);
    expect(await states()).toEqual({ left: 'running', right: 'partitioned' });
    expect((await reach()).stdout).toBe('');
    expect((await ssh('right', 'echo here')).stdout).toBe('here');
    expectExit(await lab('heal', 'right'), 0);
    expect((await reach()).stdout).toBe('reached');
  });

  it('freezes a host and lets it go on', async () => {
    await ssh('left', 'systemd-run --quiet sh -c "while :; do date +%s%N >/run/now; sleep 0.1; done"');
    expectExit(await lab('pause', 'left'), 0);
    expect(await states()).toEqual({ left: 'paused', right: 'running' });
    expectExit(await lab('heal', 'left'), 0);
    expect(await states()).toEqual({ left: 'running', right: 'running' });
    const first = (await ssh('left', 'cat /run/now')).stdout;
    await expect.poll(async () => (await ssh('left', 'cat /run/now')).stdout).not.toBe(first);
  });

  it('brings saved hosts up again: their disks as they were, at their addresses, with their keys', async () => {
    const address = await addressOf('right');
    await ssh('left', 'echo saved >/root/saved; rm -r /etc/default; mkdir /etc/default');
    expectExit(await lab('save', name), 0);
    expect(await states()).toEqual({ left: 'running', right: 'running' });
    await ssh('left', 'rm /root/saved; echo later >/root/later');
    const there = await lab('up', '--from-save', name);
    expectExit(there, 64);
    expect(there.stderr).toContain(`the lab "${name}" is there already`);
    expectExit(await lab('down'), 0);
    expectExit(await lab('up', '--from-save', name), 0);
    expect((await ssh('left', 'cat /root/saved /root/later 2>/dev/null; ls -A /etc/default')).stdout).toBe(
      'saved',
    );
    expect(await addressOf('right')).toBe(address);

    const other = await drover('lab', 'up', '--name', labName('lab2'), '--from-save', name);
    expectExit(other, 64);
    expect(other.stderr).toContain(`drover lab up --name ${name} --from-save ${name}`);
    expect((await drover('lab', 'saves')).stdout).toMatch(new RegExp(`^${name} `, 'm'));
    expectExit(await drover('lab', 'forget', name), 0);
    expect((await drover('lab', 'saves')).stdout).not.toMatch(new RegExp(`^${name} `, 'm'));
  });

  it('has packages installed and no service enabled, if that is asked for', async () => {
    expectExit(await lab('down'), 0);
    expectExit(await lab('up', ...upWith, '--installed'), 0);
    const { stdout } = await ssh(
      'left',
      `dpkg-query -W -f='\${db:Status-Abbrev}' patroni etcd-server haproxy 'postgresql-1?'
       systemctl is-enabled patroni etcd haproxy postgresql; ls -A /var/lib/postgresql; ls /usr/sbin/policy-rc.d`,
    );
    expect(stdout.split(/\s+/)).toEqual(['ii', 'ii', 'ii', 'ii', ...Array<string>(4).fill('disabled')]);
  });

  it('says which hosts there are when it is asked for another', async () => {
    const outcome = await lab('kill', 'middle');
    expectExit(outcome, 64);
    expect(outcome.stderr).toContain('the lab has no host "middle"');
    expect(outcome.stderr).toContain('it has left, right');
  });

  it('is gone after down', async () => {
    expect(await remains()).not.toEqual([]);
    expectExit(await lab('down'), 0);
    expect(await remains()).toEqual([]);
  });

  it.each([200, 700, 1200])('is gone after down when up was killed after %i ms', async (moment) => {
    const running = start('lab', 'up', '--name', name, ...upWith);
    await delay(moment);
    running.kill('SIGKILL');
    await finished(running);
    expectExit(await lab('down'), 0);
    expect(await remains()).toEqual([]);
  });
});
