import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SshConfig } from '../../../src/transport/ssh-config.ts';
import { resolveTarget, type ConnectionVariables } from '../../../src/transport/target.ts';
import { folderOf } from '../support.ts';

const targetOf = (variables: ConnectionVariables, config = '') =>
  resolveTarget(
    'a',
    variables,
    { timeout: 1, acceptNewHostKeys: false },
    new SshConfig(join(folderOf({ config }), 'config')),
  );

describe('a port', () => {
  test.each(['99999', '0', '-1', '22x', 'ssh', '22.5'])('that is %s is refused', async (port) => {
    await expect(targetOf({ port })).rejects.toThrow(`a: the port ${port} is not a number from 1 to 65535`);
  });

  test('is refused wherever it comes from', async () => {
    await expect(targetOf({}, 'Host a\n Port 70000')).rejects.toThrow(/a: ssh does not accept .*70000/);
    await expect(targetOf({ ssh_common_args: '-J b:70000' })).rejects.toThrow(/a: ssh does not accept/);
    expect((await targetOf({}, 'Host a\n Port 2222')).port).toBe(2222);
  });
});

describe('an address', () => {
  test.each([
    ['::1', undefined, '::1', 22, undefined],
    ['[::1]', undefined, '::1', 22, undefined],
    ['[::1]:2222', undefined, '::1', 2222, undefined],
    ['[::1]:2222', 23, '::1', 23, undefined],
    ['joe@[fe80::1%eth0]:2222', undefined, 'fe80::1%eth0', 2222, 'joe'],
    ['joe@10.0.0.1', undefined, '10.0.0.1', 22, 'joe'],
  ])('%s with port %s', async (host, given, address, port, user) => {
    for (const config of ['', 'ServerAliveInterval 7']) {
      const target = await targetOf({ host, ...(given === undefined ? {} : { port: given }) }, config);
      expect(target).toMatchObject({ address, port, ...(user === undefined ? {} : { user }) });
    }
  });
});

test('hosts that are each other’s ProxyJump are refused, with the way', async () => {
  const config = 'Host a\n ProxyJump b\nHost b\n ProxyJump c\nHost c\n ProxyJump b';
  await expect(targetOf({}, config)).rejects.toThrow('ProxyJump goes in a circle: b -> c -> b');
  await expect(targetOf({}, 'Host *\n ProxyJump b')).rejects.toThrow('ProxyJump goes in a circle: b -> b');
  expect((await targetOf({}, 'Host a\n ProxyJump b,c')).jump?.jump?.name).toBe('b');
});

describe('the inventory’s arguments', () => {
  test('are split as a shell does', async () => {
    const command = `-o ProxyCommand="ssh -W '[%h]:%p' -i '/a b' gate" -o 'UserKnownHostsFile=/dev/null'`;
    expect(await targetOf({ ssh_common_args: command })).toMatchObject({
      proxyCommand: "ssh -W '[a]:22' -i '/a b' gate",
      knownHostsFiles: expect.arrayContaining(['/dev/null']) as string[],
    });
  });

  test.each([
    ['-o "User=x', 'a: ansible_ssh_common_args: a quote is not closed'],
    ['other', 'a: ssh takes other for the host'],
    ['-o Colour=red', /a: ssh does not accept its configuration: .*[Bb]ad configuration option: colour/],
    ['-F /none/such', /a: ssh does not accept .*\/none\/such/],
  ])('that are wrong are named: %s', async (args, message) => {
    await expect(targetOf({ ssh_common_args: args })).rejects.toThrow(message);
  });

  test('go in the order of Ansible: what is given first wins', async () => {
    const target = await targetOf({
      user: 'var',
      ssh_args: '-o ServerAliveInterval=3 -l args',
      ssh_common_args: '-o ServerAliveInterval=4 -o ServerAliveCountMax=4',
      ssh_extra_args: '-o ServerAliveInterval=5 -o ServerAliveCountMax=5 -o ConnectTimeout=5',
    });
    expect(target.user).toBe('var');
    expect(target.keepalive).toEqual({ interval: 3000, count: 4 });
  });
});
