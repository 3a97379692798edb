import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'drover-completion-'));
const shells = ['bash', 'zsh', 'fish'] as const;

beforeAll(() => {
  for (const shell of shells) {
    const script = execFileSync(process.execPath, ['dist/drover.js', 'completion', shell]);
    writeFileSync(join(folder, `completion.${shell}`), script);
  }
  writeFileSync(join(folder, 'hosts.yml'), '');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a shell offers at the end of a command line. */
const offers: Readonly<Record<(typeof shells)[number], (line: string) => string[]>> = {
  bash: (line) =>
    run('bash', [
      '-c',
      'source completion.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _drover; printf "%s\\n" "${COMPREPLY[@]}"',
      'bash',
      ...line.split(' '),
    ]),
  // Completion is only possible at a prompt: a second zsh, on a terminal of its own, prints what it would offer.
  zsh: (line) => run('zsh', ['-f', '-c', zshCapture, 'zsh', line]),
  fish: (line) => run('fish', ['-N', '-c', 'source completion.fish; complete -C $argv[1]', line]),
};

// What it prints of its own accord stands before the line.
const zshCapture = `zmodload zsh/zpty
zpty inner zsh -f -i
typeset answer
zpty -w inner 'PROMPT=; unsetopt zle_bracketed_paste; autoload -U compinit; compinit -u -D; source completion.zsh'
zpty -w inner 'compadd() {
  if [[ \${argv[(I)-[OAD]]} != 0 ]] { builtin compadd "$@"; return }
  typeset -a hits; builtin compadd -A hits "$@"; print -r -- "<\${(j:><:)hits}>"
}
finish() { print -r -- END }; zle -N finish; bindkey "^X" finish
bindkey "^I" complete-word; print REA""DY'
zpty -r inner answer '*READY*'
zpty -n -w inner "$1"$'\\t\\x18'
zpty -r inner answer '*END*'
print -r -- \${answer//[<>]/$'\\n'}
zpty -d inner
`;

function run(program: string, args: readonly string[]): string[] {
  const text = execFileSync(program, args, { cwd: folder, encoding: 'utf8', timeout: 60_000 });
  return text.split('\n').map((line) => (line.split('\t')[0] ?? '').trim());
}

describe.each(shells)('%s', (shell) => {
  test.each([
    ['drover pl', ['plan', 'play'], ['provision', 'lab']],
    ['drover lab sa', ['save', 'saves'], ['status']],
    ['drover lab up --from-s', ['--from-save'], []],
    ['drover plan --ta', ['--tags'], []],
    ['drover plan -D --ta', ['--tags'], []],
    ['drover status --wa', ['--watch'], []],
    ['drover completion ', ['bash', 'fish', 'zsh'], ['plan']],
    ['drover lab up --release ', ['12', '13'], []],
    ['drover plan -i hos', ['hosts.yml'], ['completion.zsh']],
    ['drover plan hos', ['hosts.yml'], []],
    ['drover status --ye', [], ['--yes']],
  ])('completes "%s"', (line, expected, others) => {
    const offered = offers[shell](line);
    expect(offered).toEqual(expect.arrayContaining(expected));
    for (const other of others) expect(offered).not.toContain(other);
  });
});
