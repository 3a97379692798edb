import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { UnreachableError } from '../../src/core/errors.ts';
import type { Session } from '../../src/transport/session.ts';
import { Controller } from './support/controller.ts';
import { Machine } from './support/machine.ts';
import { Sshd } from './support/sshd.ts';

const controller = Controller.use();
let machine: Machine;
let sshd: Sshd;

beforeAll(async () => {
  machine = await Machine.start('session');
  sshd = await Sshd.start(machine);
  await controller.trust(machine, sshd);
  await controller.authorizeOn(machine);
});
afterAll(() => machine.stop());

async function open(user = 'root', options: Parameters<Controller['open']>[1] = {}): Promise<Session> {
  return controller.open(await controller.connect(controller.target(sshd, { user })), options);
}

/** A user whose shell is as given, with files in the home folder. */
async function addUser(name: string, shell: string, files: Record<string, string> = {}): Promise<void> {
  await machine.addUser(name, { shell });
  for (const [path, text] of Object.entries(files)) {
    await machine.run(
      `f=/home/${name}/${path}; mkdir -p "\${f%/*}"; cat > "$f"; chown -R ${name}: /home/${name}`,
      text,
    );
  }
  await controller.authorizeOn(machine, name);
}

describe('pieces', () => {
  test('run in the order they were sent, and each gets its own output', async () => {
    const session = await open();
    const numbers = [...Array(50).keys()];
    const results = await Promise.all(
      numbers.map((n) => session.run(`echo out ${n}; echo err ${n} >&2; echo ${n} >>/tmp/order; exit ${n}`)),
    );
    expect(results).toEqual(
      numbers.map((n) => ({ status: n, stdout: `out ${n}\n`, stderr: `err ${n}\n`, timedOut: false })),
    );
    const { stdout } = await session.run('cat /tmp/order');
    expect(stdout).toBe(numbers.map((n) => `${n}\n`).join(''));
  });

  test.for([
    ['no output', ':', { status: 0, stdout: '', stderr: '' }],
    ['no newline at the end', 'printf a; printf b >&2', { status: 0, stdout: 'a', stderr: 'b' }],
    ['blank lines', `printf '\\n\\na\\n\\n'`, { status: 0, stdout: '\n\na\n\n', stderr: '' }],
    ['NULs', `printf 'a\\0b'`, { status: 0, stdout: 'a\0b', stderr: '' }],
    ['false', 'false', { status: 1 }],
    ['set -e', 'set -e; false; echo on', { status: 1, stdout: '' }],
    ['exit', 'exit 42; echo on', { status: 42, stdout: '' }],
    ['exec', 'exec sh -c "exit 7"; echo on', { status: 7, stdout: '' }],
    ['a syntax error', 'if true; then', { status: 2, stdout: '' }],
    ['a quote left open', `echo 'on`, { status: 2, stdout: '' }],
    ['a name that is no command', 'no-such-command', { status: 127 }],
    ['its process killed', `sh -c 'kill -9 $PPID'; echo on`, { status: 137, stdout: '' }],
    ['outputs closed', 'exec >&- 2>&-; echo a; ls /none', { stdout: '', stderr: '' }],
    ['every descriptor closed', 'exec <&- >&- 2>&- 3<&- 9<&-', { status: 0, stdout: '', stderr: '' }],
    ['outputs sent away', 'exec >/dev/null 2>&1; echo a', { status: 0, stdout: '' }],
    ['its input read', 'cat; read -r x; echo "<$x>"', { stdout: '<>\n' }],
    ['a reader in the background', 'cat & wait; echo on', { stdout: 'on\n' }],
    ['carriage returns', `printf 'a\\r\\nb\\r'`, { stdout: 'a\r\nb\r' }],
    ['a here-document', `cat <<'E'\n$x \`y\` \\\nE`, { stdout: '$x `y` \\\n' }],
    ['a comment at the end', 'echo a # b', { stdout: 'a\n' }],
    ['a backslash at the end', 'echo a \\', { stdout: 'a\n' }],
    [
      'text that looks like an end',
      `printf '\\n%s end 0\\n' 0123456789abcdef`,
      { stdout: '\n0123456789abcdef end 0\n' },
    ],
    ['its shell told to trace', 'set -xv; :', { status: 0, stdout: '' }],
  ] as const)('with %s are told apart from the next', async ([, script, expected]) => {
    const session = await open();
    const [result, next] = await Promise.all([session.run(script), session.run('echo next; echo too >&2')]);
    expect(result).toMatchObject(expected);
    expect(next).toEqual({ status: 0, stdout: 'next\n', stderr: 'too\n', timedOut: false });
  });

  test('leave nothing behind for the next', async () => {
    const session = await open();
    const look = 'pwd; umask; echo "${x-} ${N-}"; set -o | grep errexit; trap';
    const before = await session.run(look);
    await session.run('cd /tmp; umask 077; x=1; N=; export x; set -e; trap "echo trapped" EXIT TERM');
    expect(await session.run(look)).toEqual(before);
  });

  test('are told how their shell ended when they kill the session itself', async () => {
    const session = await open();
    const killed = session.run('echo part; kill -9 $$');
    await expect(killed).rejects.toThrow(UnreachableError);
    await expect(killed).rejects.toThrow("node1: the session's shell has ended");
  });

  test('with 20 MB on each output arrive whole', async () => {
    const session = await open();
    const line = 'x'.repeat(99);
    const { stdout, stderr } = await session.run(
      `lines() { yes ${line} | head -n 200000; }; lines & lines >&2; wait`,
    );
    expect(stdout === `${line}\n`.repeat(200_000)).toBe(true);
    expect(stderr === stdout).toBe(true);
  });

  test('with more than 64 MB are stopped', async () => {
    const session = await open();
    await expect(session.run('cat /dev/zero')).rejects.toThrow('node1: a step printed more than 64 MB');
    await vi.waitFor(async () => expect(await machine.processes('cat /dev/zero')).toEqual([]));
  });

  test('with more than 64 MB are cut where that is enough, and the status is known', async () => {
    const session = await open();
    const script = 'yes 0123456 | head -c 100000000; yes e | head -c 70000000 >&2; exit 7';
    const { status, stdout, stderr, isCut } = await session.run(script, { mayBeCut: true });
    expect([status, stdout.length, stderr.length, isCut]).toEqual([7, 64 << 20, 64 << 20, true]);
    expect(stdout === '0123456\n'.repeat(8 << 20)).toBe(true);
    const next = await session.run('head -c 60000000 /dev/zero | tr "\\0" x', { mayBeCut: true });
    expect([next.stdout === 'x'.repeat(60_000_000), next.isCut]).toEqual([true, undefined]);
  });

  test('of megabytes arrive whole, with any character', async () => {
    const session = await open();
    const text = `${randomBytes(1_500_000).toString('hex')}'"$\`\\größe ☃ 𝕏\u0001\u007f`;
    const { stdout } = await session.run(`cat <<'END'\n${text}\nEND`);
    expect(stdout === `${text}\n`).toBe(true);
  });

  test('that split a character into several writes keep it whole', async () => {
    const session = await open();
    const seen: string[] = [];
    const bytes = `for b in 342 202 254; do printf "\\\\$b"; [ $b = 254 ] || until [ -e /tmp/seen-$b ]; do sleep 0.01; done; done`;
    const running = session.run(bytes, { onOutput: (text) => seen.push(text) });
    for (const [index, byte] of ['342', '202'].entries()) {
      await vi.waitFor(() => expect(seen.length).toBeGreaterThan(index));
      await machine.run(`touch /tmp/seen-${byte}`);
    }
    expect((await running).stdout).toBe('€');
  });

  test('show what they print while they run', async () => {
    const session = await open();
    let seen = '';
    const running = session.run('echo begun; until [ -e /tmp/go ]; do sleep 0.01; done; echo done', {
      onOutput: (text) => (seen = text),
    });
    await vi.waitFor(() => expect(seen).toBe('begun\n'));
    await machine.run('touch /tmp/go');
    expect((await running).stdout).toBe('begun\ndone\n');
  });

  test('are done when they say so, though something of theirs still holds the outputs', async () => {
    const session = await open();
    const { stdout } = await session.run('sleep 1001 & echo started');
    expect(stdout).toBe('started\n');
    expect(await session.run('echo next')).toMatchObject({ stdout: 'next\n' });
    const [left] = await machine.processes('sleep 1001');
    expect(left).toBeDefined();
    await machine.run(`kill ${left ?? ''}`);
  });

  test('are not slowed or broken by what the environment exports', async () => {
    await addUser('exporter', '/bin/bash', {
      '.bashrc':
        'export N=1 h=2 n=3 s=4 r=5 p=6 LOOP=7 PERL5OPT=-Mno PERL_UNICODE=SAD PERLIO=:utf8 LC_ALL=no_NO\n',
    });
    const session = await open('exporter');
    const large = `: ${'x'.repeat(300_000)}; /bin/echo ok`;
    expect(await session.run(large)).toMatchObject({ status: 0, stdout: 'ok\n' });
    expect(await session.run('env | grep -c "^LOOP="')).toMatchObject({ stdout: '0\n' });
  });
});

describe('login shells', () => {
  const noise = 'echo noise; echo more noise >&2; printf "no end"; printf "no end" >&2\n';
  test.for([
    ['bash', '/bin/bash', '.bashrc'],
    ['dash', '/bin/dash', '.profile'],
    ['zsh', '/bin/zsh', '.zshenv'],
    ['mksh', '/bin/mksh', '.mkshrc'],
    ['ksh', '/bin/ksh93', '.kshrc'],
    ['tcsh', '/bin/tcsh', '.tcshrc'],
    ['fish', '/usr/bin/fish', '.config/fish/config.fish'],
  ] as const)('%s with a noisy rc file', async ([name, shell, rc]) => {
    const text =
      name === 'tcsh' ? 'echo noise\nsh -c "echo more noise >&2; printf no; printf end >&2"\n' : noise;
    await addUser(`user${name}`, shell, { [rc]: text });
    const session = await open(`user${name}`);
    expect(await session.run('echo "$0: it\'s"; id -un; echo err >&2; exit 3')).toEqual({
      status: 3,
      stdout: `sh: it's\nuser${name}\n`,
      stderr: 'err\n',
      timedOut: false,
    });
  });

  test('one that lets nobody in is quoted', async () => {
    await addUser('nobody2', '/usr/sbin/nologin');
    const refused = (await open('nobody2')).run('true');
    await expect(refused).rejects.toThrow(UnreachableError);
    await expect(refused).rejects.toThrow('no shell: This account is currently not available.');
  });

  test('an expired password is quoted', async () => {
    await addUser('expired', '/bin/bash');
    await machine.run('chage -d 0 expired');
    await expect((await open('expired')).run('true')).rejects.toThrow(/no shell: .*password has expired/);
  });

  test('one that hangs in its rc file is given up', async () => {
    await addUser('hanging', '/bin/bash', { '.bashrc': 'echo asking the directory >&2\nexec sleep 1002\n' });
    const session = await open('hanging', { startLimit: 500 });
    await expect(session.run('true')).rejects.toThrow('node1: no shell within 0.5 s: asking the directory');
  });
});

describe('a piece whose time is up', () => {
  test('is ended with all it started, and the session goes on', async () => {
    const session = await open();
    const script = `echo part; sh -c 'sleep 1003; :' & (trap '' TERM; sleep 1003; sleep 1003) & sleep 1003; echo on`;
    const [result, next] = await Promise.all([
      session.run(script, { timeout: 300 }),
      session.run('echo next'),
    ]);
    expect(result).toMatchObject({ stdout: 'part\n', timedOut: true });
    expect(result.status).toBeGreaterThan(128);
    expect(next).toMatchObject({ status: 0, stdout: 'next\n', timedOut: false });
    await vi.waitFor(async () => expect(await machine.processes('sleep 1003')).toEqual([]), {
      timeout: 5000,
    });
  });

  test('has more time than a timer takes', async () => {
    const session = await open();
    expect(await session.run('sleep 0.5; echo done', { timeout: 2 ** 31 })).toMatchObject({
      stdout: 'done\n',
      timedOut: false,
    });
  });

  test('is ended though it waited for others before', async () => {
    const session = await open();
    const [first, second] = await Promise.all([
      session.run('sleep 1; echo first'),
      session.run('sleep 1004', { timeout: 300 }),
    ]);
    expect(first).toMatchObject({ status: 0, stdout: 'first\n', timedOut: false });
    expect(second.timedOut).toBe(true);
  });

  test('and which ends of itself just then does not take the next one along', async () => {
    const connection = await controller.connect(controller.target(sshd));
    let channels = 0;
    const openCommand = async (command: string) => {
      // The session that is to kill it comes when it has ended, and the next one runs.
      if (++channels === 2) {
        await machine.run('touch /tmp/ending');
        await running;
      }
      return connection.openCommand(command);
    };
    const session = await controller.open(connection, { openCommand });
    const script = 'until [ -e /tmp/ending ]; do sleep 0.05; done; echo first';
    const running = session.run(script, { timeout: 300 });
    const next = session.run('sleep 3; echo second', { timeout: 60_000 });
    const [first, second] = await Promise.all([running, next]);
    expect(channels).toBe(2);
    expect(first).toMatchObject({ status: 0, stdout: 'first\n', timedOut: true });
    expect(second).toMatchObject({ status: 0, stdout: 'second\n', timedOut: false });
    expect(await session.run('echo third')).toMatchObject({ stdout: 'third\n' });
  });

  test('counts from its own begin, and not twice', async () => {
    const session = await open();
    const results = await Promise.all(
      [1, 2, 3, 4].map((n) => session.run(`sleep 1; echo ${n}`, { timeout: 3500 })),
    );
    expect(results.map(({ stdout, timedOut }) => [stdout, timedOut])).toEqual(
      [1, 2, 3, 4].map((n) => [`${n}\n`, false]),
    );
  });

  test('has its output cut at the right place, also with a syntax error', async () => {
    const session = await open();
    const options = { timeout: 60_000 };
    expect(await session.run(`printf '\\n\\na'`, options)).toMatchObject({ stdout: '\n\na', stderr: '' });
    expect(await session.run('if', options)).toMatchObject({ status: 2, stdout: '' });
    expect(await session.run('printf b', options)).toMatchObject({ stdout: 'b' });
  });
});

describe('an idle session', () => {
  test('is kept alive by no-ops', async () => {
    const idle = await open('root', { idle: 1 });
    await (await open()).run('sleep 3');
    expect(await idle.run('echo on')).toMatchObject({ stdout: 'on\n' });
  });

  test('also runs a piece that takes longer than it may be idle', async () => {
    const idle = await open('root', { idle: 1 });
    expect(await idle.run('sleep 3; echo on')).toMatchObject({ stdout: 'on\n' });
    expect(await idle.run('echo still')).toMatchObject({ stdout: 'still\n' });
  });

  test('ends on the host when it is closed', async () => {
    const session = await open();
    const { stdout } = await session.run('echo $$');
    session.close();
    await vi.waitFor(() => machine.run(`[ ! -e /proc/${stdout.trim()} ]`), { timeout: 10_000 });
    await expect(session.run('true')).rejects.toThrow('node1: the session is closed');
  });
});
