import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { beginGathering, endGathering, onlyLooks } from '../../../src/shell/feed.ts';
import {
  forLoader,
  framePiece,
  killPiece,
  lockPiece,
  noOperation,
  sessionCommand,
  sessionPrelude,
  unlockPiece,
  withProcessId,
} from '../../../src/shell/framing.ts';
import { folderOf } from '../support.ts';

const nonce = 'c0ffee';
const prelude = Buffer.from(sessionPrelude(nonce, undefined));

/** What a session prints when it is sent this, and nothing more. */
function talk(...pieces: readonly Buffer[]) {
  const input = Buffer.concat([prelude, ...pieces]);
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', sessionCommand], {
    input,
    encoding: 'utf8',
  });
  return { status, stdout: stdout.replace(/ready \d+/, 'ready PID'), stderr };
}

/** What the pieces printed on stdout, and how each ended. */
function outputs(...scripts: readonly string[]): string[] {
  const { stdout } = talk(...scripts.map((script) => framePiece(script, nonce)));
  return stdout.split(`\n${nonce} `).slice(1);
}

test('a length counts bytes, not characters', () => {
  expect(forLoader('é☃')).toBe('5\né☃');
  expect(framePiece('é', nonce).toString()).toBe('0000000000000010\né\n#c0ffee');
});

describe('a session in a real shell', () => {
  test('says that it is ready, runs piece by piece, and marks the end of each on both outputs', () => {
    const first = framePiece('echo out; echo err >&2; exit 3', nonce);
    expect(talk(first, noOperation, framePiece("printf 'größe ☃'", nonce))).toEqual({
      status: 0,
      stdout: '\nc0ffee ready PID\nout\n\nc0ffee end 3\ngröße ☃\nc0ffee end 0\n',
      stderr: '\nc0ffee ready\nerr\n\nc0ffee end\n\nc0ffee end\n',
    });
  });

  test('no piece changes what the next one finds', () => {
    const spoil = 'x=1; cd /tmp; umask 077; set -e; PATH=; exec >/dev/null; false';
    const look = 'echo "${x-unset} $PWD $(umask) $LC_ALL"; false; cat; echo still';
    expect(outputs(spoil, look)).toEqual(['ready PID\n', 'end 1\nunset / 0022 C\nstill\n', 'end 0\n']);
  });

  test('a piece that did not arrive whole is not run, and ends the session', () => {
    const folder = folderOf({});
    const torn = framePiece(`touch ${folder}/a; touch ${folder}/b`, nonce).subarray(0, -9);
    expect(talk(torn).stdout).toBe('\nc0ffee ready PID\n');
    expect(existsSync(join(folder, 'a'))).toBe(false);
  });

  test('a piece of somebody else ends the session, though more could come', async () => {
    const session = spawn('/bin/sh', ['-c', sessionCommand], { stdio: ['pipe', 'pipe', 'ignore'] });
    onTestFinished(() => void session.kill());
    session.stdout.resume();
    session.stdin.write(Buffer.concat([prelude, framePiece('echo no', 'beef')]));
    expect(await once(session, 'close')).toEqual([0, null]);
  });

  test('large pieces arrive whole', () => {
    const text = 'ö'.repeat(60_000);
    expect(outputs(`x='${text}'; echo \${#x}`)[1]).toBe('end 0\n');
    expect(outputs(`cat <<'E' | wc -c\n${text}\nE`)).toEqual(['ready PID\n120001\n', 'end 0\n']);
  });
});

describe('gathering', () => {
  /** A session whose gathering may take a second, with these pieces, and what it says until there are so many ends. */
  async function gather(scripts: readonly string[], ends = scripts.length) {
    const session = spawn('/bin/sh', ['-c', sessionCommand]);
    onTestFinished(() => void session.kill());
    const limited = sessionPrelude(nonce, undefined, { gathering: 1 });
    session.stdin.write(
      Buffer.concat([Buffer.from(limited), ...scripts.map((script) => framePiece(script, nonce))]),
    );
    let stderr = '';
    session.stderr.on('data', (chunk: Buffer) => (stderr += String(chunk)));
    let stdout = '';
    for await (const chunk of session.stdout.iterator({ destroyOnReturn: false })) {
      stdout += String(chunk);
      if (stdout.split(' end ').length > ends) break;
    }
    session.stdout.resume();
    return { session, stdout, stderr: () => stderr };
  }
  const isThere = (sign: string) =>
    spawnSync('/bin/sh', ['-c', `pgrep -f '${sign.replace(/^s/, '[s]')}'`]).status === 0;

  test('that takes too long is ended with all it has started, and named; the session goes on', async () => {
    const folder = folderOf({});
    const hangs = `${beginGathering('digests')}\n( sleep 61.9991 | cat; touch ${folder}/on )\ntouch ${folder}/on`;
    const { stdout, stderr } = await gather([hangs, 'echo still']);
    expect(stdout).toMatch(/end 137\nstill\n\nc0ffee end 0\n$/);
    expect(stderr()).toMatch(/gathering digests took more than 1 s and was ended: (sleep 61\.9991|cat)\n/);
    expect(isThere('sleep 61.9991')).toBe(false);
    expect(existsSync(join(folder, 'on'))).toBe(false);
  });

  test('has its time anew for each kind, and what follows it has any', async () => {
    const some = (what: string) => `${beginGathering(what)}; sleep 0.7`;
    const longer = `${endGathering}; sleep 1.5; echo through`;
    const { stdout } = await gather([[some('one'), some('two'), longer].join('\n'), 'sleep 1.5; echo on']);
    expect(stdout).toMatch(/through\n\nc0ffee end 0\non\n\nc0ffee end 0\n$/);
  });

  test('ends once nobody waits for it, and no other piece does', async () => {
    const folder = folderOf({});
    const begun = `touch ${folder}/begun; printf '\\n%s end x\\n' ${nonce}`;
    const look = await gather([`${onlyLooks}\n${begun}; sleep 61.9992; touch ${folder}/looked`], 1);
    look.session.stdin.end();
    expect((await once(look.session, 'exit')) as unknown[]).toEqual([0, null]);
    expect(isThere('sleep 61.9992')).toBe(false);
    expect(existsSync(join(folder, 'looked'))).toBe(false);
    const change = await gather([`${begun}; sleep 0.5; touch ${folder}/changed`], 1);
    change.session.stdin.end();
    await once(change.session, 'exit');
    expect(existsSync(join(folder, 'changed'))).toBe(true);
  });
});

describe('a host’s lock', () => {
  /** The lock's pieces, on a folder instead of the machine. */
  const within = (folder: string, piece: string) =>
    framePiece(piece.replaceAll('/run/drover', `${folder}/run`).replace('</root', `<${folder}`), nonce);

  async function hold(folder: string, ...scripts: readonly string[]) {
    const session = spawn('/bin/sh', ['-c', sessionCommand], { stdio: ['pipe', 'pipe', 'ignore'] });
    onTestFinished(() => void session.kill());
    session.stdin.write(Buffer.concat([prelude, ...scripts.map((script) => within(folder, script))]));
    let said = '';
    for await (const chunk of session.stdout.iterator({ destroyOnReturn: false })) {
      said += String(chunk);
      if (said.split(' end ').length > scripts.length) break;
    }
    session.stdout.resume();
    return { session, said };
  }

  test('belongs to one session, whose words the others get; it is free once that one lets go', async () => {
    const folder = folderOf({});
    const attempt = () => talk(within(folder, lockPiece('run 2')), framePiece('echo on', nonce)).stdout;
    const { session } = await hold(folder, lockPiece(`run 1: it's "mine"`));
    expect(readFileSync(join(folder, 'run/holder'), 'utf8')).toBe(`run 1: it's "mine"\n`);
    expect(attempt()).toBe(`\nc0ffee ready PID\nrun 1: it's "mine"\n\nc0ffee end 1\non\n\nc0ffee end 0\n`);
    session.stdin.write(within(folder, unlockPiece));
    session.stdin.end();
    await once(session, 'exit');
    expect(attempt()).toBe('\nc0ffee ready PID\n\nc0ffee end 0\non\n\nc0ffee end 0\n');
  });

  test('does not outlive its session in what a piece left running', async () => {
    const folder = folderOf({});
    const { session, said } = await hold(
      folder,
      lockPiece('run 1'),
      'sleep 60 >/dev/null 2>&1 & echo "child $!"',
    );
    const child = Number(/child (\d+)/.exec(said)?.[1]);
    onTestFinished(() => void process.kill(child));
    session.stdin.end();
    await once(session, 'exit');
    expect(talk(within(folder, lockPiece('run 2'))).stdout).toBe('\nc0ffee ready PID\n\nc0ffee end 0\n');
  });
});

describe('killPiece', () => {
  test(
    'ends what a piece started, deep down and deaf to TERM; the session goes on',
    { timeout: 60_000 },
    async () => {
      const session = spawn('/bin/sh', ['-c', sessionCommand], { stdio: ['pipe', 'pipe', 'ignore'] });
      onTestFinished(() => void session.kill());
      let said = '';
      session.stdout.on('data', (chunk) => (said += String(chunk)));
      const heard = async (pattern: RegExp): Promise<number> => {
        for (let match = pattern.exec(said); ; match = pattern.exec(said)) {
          if (match) return Number(match[1]);
          await once(session.stdout, 'data');
        }
      };
      const deaf = `sh -c 'trap "" TERM; echo "deaf $$"; sleep 61; sleep 62; echo woken'; echo "left $?"`;
      session.stdin.write(Buffer.concat([prelude, framePiece(withProcessId(deaf), nonce)]));
      const child = await heard(/deaf (\d+)\n/);
      const kill = killPiece(await heard(/c0ffee pid (\d+)\n/), await heard(/ready (\d+)\n/));
      expect(spawnSync('/bin/sh', ['-c', kill])).toMatchObject({ status: 0 });
      // Where init does not reap, it stays as a zombie.
      expect(
        spawnSync('ps', ['-o', 'stat=', '-p', String(child)], { encoding: 'utf8' }).stdout.trim(),
      ).toMatch(/^(Z.*)?$/);
      session.stdin.end(framePiece('echo on', nonce));
      await once(session, 'close');
      expect(said.split('\n').slice(-6)).toEqual(['', 'c0ffee end 143', 'on', '', 'c0ffee end 0', '']);
      expect(said).not.toMatch(/left|woken/);
    },
  );

  test('leaves a process alone that is no child of the loop', () => {
    const bystander = spawn('sleep', ['60']);
    onTestFinished(() => void bystander.kill());
    expect(spawnSync('/bin/sh', ['-c', killPiece(bystander.pid ?? 0, process.ppid)]).status).toBe(0);
    expect([bystander.exitCode, bystander.signalCode, process.kill(bystander.pid ?? 0, 0)]).toEqual([
      null,
      null,
      true,
    ]);
  });
});
