import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { SshConfig } from '../../../src/transport/ssh-config.ts';
import { resolveTarget, type Target } from '../../../src/transport/target.ts';
import { folderOf } from '../support.ts';

const home = userInfo().homedir;

type Used = Partial<Target> | Record<string, unknown>;

/** Configurations (with FOLDER for where they lie), further arguments, and what comes of them for the host `web`. */
const cases: readonly (readonly [what: string, config: string, args: string, used: Used])[] = [
  ['HostName', 'Host web\n HostName %h.example.com', '', { address: 'web.example.com' }],
  ['User and Port', 'Host web\n User joe\n Port 2200', '', { user: 'joe', port: 2200 }],
  ['the first of two values', 'Host w*\n User one\nHost web\n User two', '', { user: 'one' }],
  ['arguments before files', 'User file', '-o User=arg', { user: 'arg' }],
  ['a negated pattern', 'Host * !web\n User other\nHost *\n User all', '', { user: 'all' }],
  ['Include', 'Include FOLDER/more\nUser late', '', { user: 'included' }],
  ['Include of a pattern', 'Include FOLDER/*.conf', '', { port: 2201 }],
  ['Include within Host', 'Host web\n Include FOLDER/more\nHost other\n Port 1', '', { user: 'included' }],
  ['Match exec', 'Match exec "test %n = web"\n User matched', '', { user: 'matched' }],
  ['Match exec that fails', 'Match exec false\n User matched\nMatch all\n User all', '', { user: 'all' }],
  [
    'Match originalhost',
    'Match originalhost web host *.org\n Port 7\nHost web\n HostName web.org',
    '',
    { address: 'web.org', port: 22 },
  ],
  ['Match user of the inventory', 'Match user deploy\n Port 7', '-l deploy', { user: 'deploy', port: 7 }],
  ['Match final', 'Host web\n HostName db\nMatch final host db\n Port 7', '', { address: 'db', port: 7 }],
  [
    'IdentityFile with tokens',
    'IdentityFile ~/keys/%r@%h:%p\nUser joe',
    '',
    { identityFiles: [`${home}/keys/joe@web:22`] },
  ],
  ['IdentityFile with a variable', 'IdentityFile ${DROVER_KEYS}/a', '', { identityFiles: ['/keys/a'] }],
  ['several IdentityFiles', 'IdentityFile /a\nIdentityFile "/b c"', '', { identityFiles: ['/a', '/b c'] }],
  ['IdentityFile none', 'IdentityFile none', '', { identityFiles: [] }],
  ['IdentitiesOnly', 'IdentitiesOnly yes', '', { identitiesOnly: true }],
  ['IdentityAgent', 'IdentityAgent ~/%r.sock', '-l joe', { agent: `${home}/joe.sock` }],
  ['IdentityAgent none', 'IdentityAgent none', '', { agent: undefined }],
  ['IdentityAgent of a variable', 'IdentityAgent $DROVER_AGENT', '', { agent: '/run/agent' }],
  ['no IdentityAgent', 'Port 22', '', { agent: '/run/default' }],
  [
    'UserKnownHostsFile',
    'UserKnownHostsFile ~/kh_%h /kh',
    '',
    { knownHostsFiles: [`${home}/kh_web`, '/kh', '/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'] },
  ],
  [
    'GlobalKnownHostsFile',
    'GlobalKnownHostsFile /g\nUserKnownHostsFile none',
    '',
    { knownHostsFiles: ['/dev/null', '/g'] },
  ],
  ['StrictHostKeyChecking yes', 'StrictHostKeyChecking yes', '', { hostKeyPolicy: 'strict' }],
  ['StrictHostKeyChecking ask', 'StrictHostKeyChecking ask', '', { hostKeyPolicy: 'strict' }],
  [
    'StrictHostKeyChecking accept-new',
    'StrictHostKeyChecking accept-new',
    '',
    { hostKeyPolicy: 'accept-new' },
  ],
  ['StrictHostKeyChecking no', 'StrictHostKeyChecking no', '', { hostKeyPolicy: 'accept-new' }],
  ['HostKeyAlias', 'HostKeyAlias node\nPort 2200', '', { knownAs: 'node' }],
  ['no HostKeyAlias', 'Port 2200', '', { knownAs: '[web]:2200' }],
  [
    'ProxyJump',
    'Host web\n ProxyJump joe@gate:2222',
    '',
    {
      jump: expect.objectContaining({ address: 'gate', user: 'joe', port: 2222, jump: undefined }) as unknown,
    },
  ],
  [
    'ProxyJump of several hops',
    'Host b\n HostName b.example.com',
    '-J a,[::1]:23,b',
    {
      jump: expect.objectContaining({
        address: 'b.example.com',
        jump: expect.objectContaining({
          address: '::1',
          port: 23,
          jump: expect.objectContaining({ address: 'a' }) as unknown,
        }) as unknown,
      }) as unknown,
    },
  ],
  [
    'ProxyJump of the jump host',
    'Host web\n ProxyJump b\nHost b\n ProxyJump a',
    '',
    {
      jump: expect.objectContaining({
        address: 'b',
        jump: expect.objectContaining({ address: 'a' }) as unknown,
      }) as unknown,
    },
  ],
  ['ProxyJump none', 'Host web\n ProxyJump none\nHost *\n ProxyJump b', '', { jump: undefined }],
  [
    'ProxyCommand',
    'ProxyCommand nc -x proxy %h %p %r %n 100%%',
    '-l joe',
    { proxyCommand: 'nc -x proxy web 22 joe web 100%', jump: undefined },
  ],
  [
    'ProxyCommand before ProxyJump',
    'ProxyCommand nc %h %p\nProxyJump b',
    '',
    { proxyCommand: 'nc web 22', jump: undefined },
  ],
  ['ProxyCommand none', 'ProxyCommand none', '', { proxyCommand: undefined }],
  [
    'PreferredAuthentications',
    'PreferredAuthentications keyboard-interactive,publickey',
    '',
    { methods: ['keyboard-interactive', 'publickey'] },
  ],
  [
    'PubkeyAuthentication no',
    'PubkeyAuthentication no\nKbdInteractiveAuthentication no',
    '',
    { methods: ['password'] },
  ],
  ['ConnectTimeout', 'ConnectTimeout 7', '', { timeout: 7000 }],
  ['no ConnectTimeout', 'Port 22', '', { timeout: 10_000 }],
  [
    'ServerAliveInterval and CountMax',
    'ServerAliveInterval 5\nServerAliveCountMax 2',
    '',
    { keepalive: { interval: 5000, count: 2 } },
  ],
  ['ForwardAgent', 'ForwardAgent yes', '', { forwardAgent: true }],
  [
    'KexAlgorithms',
    'KexAlgorithms curve25519-sha256',
    '',
    { algorithms: expect.objectContaining({ kexalgorithms: ['curve25519-sha256'] }) as unknown },
  ],
];

/** What of a target ssh prints as it is. */
const printed = ({ address, port, user, proxyCommand }: Target) => ({
  hostname: address,
  port: String(port),
  user,
  ...(proxyCommand === undefined ? {} : { proxycommand: expect.any(String) as string }),
});

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('what ssh -G says is what is used:', () => {
  test.each(cases)('%s', async (_what, text, args, used) => {
    vi.stubEnv('DROVER_KEYS', '/keys');
    vi.stubEnv('DROVER_AGENT', '/run/agent');
    vi.stubEnv('SSH_AUTH_SOCK', '/run/default');
    const folder = folderOf({ more: 'User included\n', 'port.conf': 'Port 2201\n' });
    const file = join(folderOf({ config: text.replaceAll('FOLDER', folder) }), 'config');
    const options = { acceptNewHostKeys: false };
    const target = await resolveTarget('web', { ssh_common_args: args }, options, new SshConfig(file));
    expect(target).toMatchObject(used);
    const words = ['-G', '-T', '-F', file, ...args.split(' ').filter(Boolean), 'web'];
    const lines = execFileSync('ssh', words, { encoding: 'utf8' }).trim().split('\n');
    const said: unknown = Object.fromEntries(lines.map((line) => /^(\S+) ?(.*)$/.exec(line)?.slice(1) ?? []));
    expect(said).toMatchObject(printed(target));
  });
});

describe('without anything to read', () => {
  const specs = { address: 'web', user: undefined, port: undefined, key: undefined, args: [] };
  const keys = ['hostname', 'user', 'port', 'userknownhostsfile', 'globalknownhostsfile'];

  test('the settings are those of ssh, which is not asked', async () => {
    vi.stubEnv('PATH', '/none');
    const settings = await new SshConfig('none').settingsOf('web', specs);
    vi.unstubAllEnvs();
    const asked = await new SshConfig('none').settingsOf('web', { ...specs, args: ['-C'] });
    for (const key of keys) expect(asked.get(key)).toEqual(settings.get(key));
    expect(asked.get('identityfile')).toEqual(
      expect.arrayContaining([...(settings.get('identityfile') ?? [])]),
    );
  });

  test('hosts with the same arguments share an answer, but for their names', async () => {
    const config = new SshConfig('none');
    const [a, b] = await Promise.all(
      ['a', 'B'].map((address) => config.settingsOf(address, { ...specs, address, args: ['-o', 'Port=7'] })),
    );
    expect([a?.get('hostname'), b?.get('hostname')]).toEqual([['a'], ['B']]);
    expect(a?.get('port')).toBe(b?.get('port'));
    const [x, y] = await Promise.all(
      ['x', 'y'].map((address) =>
        config.settingsOf(address, { ...specs, address, args: ['-o', 'HostName=%h.org'] }),
      ),
    );
    expect([x?.get('hostname'), y?.get('hostname')]).toEqual([['x.org'], ['y.org']]);
  });

  test.each([
    ['', true],
    ['# User x\n\nHost *\n  SendEnv LANG LC_*\n  HashKnownHosts yes\n  GSSAPIAuthentication yes\n', true],
    ['Include FOLDER/empty/*.conf\n', true],
    ['Include FOLDER/full/*.conf\n', false],
    ['Include FOLDER/*/more.conf\n', false],
    ['user=joe\n', false],
  ])('%j says nothing of hosts: %s', async (text, isSilent) => {
    const folder = folderOf({ 'full/more.conf': 'Port 7' });
    const file = join(folderOf({ config: text.replace('FOLDER', folder) }), 'config');
    vi.stubEnv('PATH', '/none');
    const asking = new SshConfig(file).settingsOf('web', specs).then(() => true);
    if (isSilent) expect(await asking).toBe(true);
    else
      await expect(asking).rejects.toThrow(
        'web: there is no program ssh, which has to read its configuration',
      );
  });
});
