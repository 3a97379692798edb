import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LocalLab, type Outcome } from '../local.ts';

/**
 * Playbooks of tasks that get in each other's way, carried out in batches as always, and beside that one run for each
 * task, which has nothing to work ahead with. Both have to leave the same files, reports and results.
 *
 * DROVER_SECONDS=600 looks longer than the usual; DROVER_SEED=… begins with the examples of a failure.
 */
const seconds = Number(process.env['DROVER_SECONDS'] ?? 25);
const seed = process.env['DROVER_SEED'];
const paths = ['f0', 'f1', 'd0', 'd0/f', 'l0'] as const;
const contents = ['', 'A\n', 'B\nC\n', 'A\nB\n'] as const;

interface Move {
  readonly kind: (typeof kinds)[number];
  readonly path: (typeof paths)[number];
  readonly other: (typeof paths)[number];
  readonly content: (typeof contents)[number];
  readonly mode: string | undefined;
  /** Which of the results before decides whether it is done; none for the most part. */
  readonly when: number | undefined;
  readonly ignore: boolean;
}

const kinds = [
  'copy',
  'template',
  'once',
  'echo',
  'line',
  'noLine',
  'block',
  'directory',
  'mode',
  'link',
  'absent',
  'creates',
  'removes',
  'derive',
  'append',
  'read',
  'stat',
  'fact',
  'loop',
  'loopLines',
  'fail',
  'check',
  'rescue',
] as const;

const moves = fc.array(
  fc.record<Move>({
    kind: fc.constantFrom(...kinds),
    path: fc.constantFrom(...paths),
    other: fc.constantFrom(...paths),
    content: fc.constantFrom(...contents),
    mode: fc.option(fc.constantFrom('0644', '0600', '0755'), { nil: undefined, freq: 2 }),
    when: fc.option(fc.nat(5), { nil: undefined, freq: 4 }),
    ignore: fc.boolean(),
  }),
  { minLength: 2, maxLength: 9 },
);

/** What is there before the first run. */
const beginnings = fc.subarray(['f0', 'f1', 'd0', 'd0/f', 'l0'] as const);

type Task = Readonly<Record<string, unknown>>;

/** A playbook's tasks, of which later ones use what earlier ones have registered. */
function tasksOf(list: readonly Move[], folder: string): Task[] {
  const names: string[] = [];
  return list.map((move, index) => {
    const name = `t${index}`;
    const condition = move.when === undefined ? undefined : names[move.when];
    const task = {
      name,
      ...bodyOf(move, name, names, folder),
      ...(condition === undefined ? {} : { when: `${condition}.changed` }),
    };
    if (!('block' in task) && !('set_fact' in task)) {
      names.push(`r${index}`);
      return { ...task, register: `r${index}` };
    }
    return task;
  });
}

function bodyOf(move: Move, name: string, names: readonly string[], folder: string): Task {
  const { kind, content, ignore } = move;
  const path = `{{dir}}/${move.path}`;
  const other = `{{dir}}/${move.other}`;
  const mode = move.mode === undefined ? {} : { mode: move.mode };
  const args = { chdir: '{{dir}}' };
  const ignored = ignore ? { ignore_errors: true } : {};
  const last = names.at(-1);
  switch (kind) {
    case 'copy':
      return { copy: { dest: path, content, ...mode } };
    case 'template':
      return { template: { src: `${folder}/word.hbs`, dest: path, ...mode }, vars: { word: content.trim() } };
    case 'once':
      return { copy: { dest: path, content, force: false, ...mode } };
    case 'echo':
      return {
        copy: {
          dest: path,
          content: last === undefined ? content : `{{${last}.changed}} {{${last}.failed}}\n`,
        },
      };
    case 'line':
      return { lineinfile: { path, line: content.split('\n')[0] ?? '', create: true, ...mode } };
    case 'noLine':
      return { lineinfile: { path, regexp: '^[AB]', state: 'absent' } };
    case 'block':
      return {
        blockinfile: { path, block: content.trim(), create: true, state: ignore ? 'absent' : 'present' },
      };
    case 'directory':
      return { file: { path, state: 'directory', ...mode } };
    case 'mode':
      return { file: { path, state: 'file', mode: move.mode ?? '0640' } };
    case 'link':
      return { file: { path, state: 'link', src: move.other } };
    case 'absent':
      return { file: { path, state: 'absent' } };
    case 'creates':
      return { command: `touch ${move.path}`, args: { ...args, creates: path }, ...ignored };
    case 'removes':
      return { command: `rm -rf ${move.path}`, args: { ...args, removes: path }, ...ignored };
    case 'derive':
      return {
        shell: `cat ${move.other} 2>/dev/null; echo ${name}; { cat ${move.other}; echo ${name}; } > ${move.path}`,
        args: { ...args, creates: path },
        provides: { paths: [path] },
        ...ignored,
      };
    case 'append':
      return { shell: `echo ${name} >> ${move.path}`, args, ...ignored };
    case 'read':
      return {
        shell: `cat ${move.path}`,
        args,
        check_mode: false,
        changed_when: false,
        failed_when: false,
      };
    case 'stat':
      return { stat: { path: other } };
    case 'fact':
      return { set_fact: { word: last === undefined ? 'none' : `{{json ${last}}}` } };
    case 'loop':
      return {
        copy: { dest: '{{dir}}/{{item}}', content: `${content}{{item}}\n` },
        loop: ['f0', move.path, 'f1'],
      };
    case 'loopLines':
      return { lineinfile: { path, line: '{{item}}', create: true }, loop: ['A', 'B', 'A'] };
    case 'fail':
      return { command: 'false', ...ignored };
    case 'check':
      return { assert: { that: last === undefined ? 'true' : `not ${last}.changed` }, ...ignored };
    case 'rescue':
      return {
        block: [
          { name: `${name}a`, copy: { dest: path, content } },
          { name: `${name}b`, command: ignore ? 'true' : 'false' },
          { name: `${name}c`, copy: { dest: path, content: 'done\n' } },
        ],
        rescue: [{ name: `${name}d`, copy: { dest: other, content: 'rescued\n' } }],
        always: [{ name: `${name}e`, lineinfile: { path: other, line: 'always', create: true } }],
      };
  }
}

function makeLab(begin: readonly string[]): LocalLab {
  const lab = new LocalLab();
  writeFileSync(join(lab.folder, 'word.hbs'), '{{word}}\n');
  const at = (name: string) => join(lab.folder, 'a', name);
  if (begin.includes('d0') || begin.includes('d0/f')) mkdirSync(at('d0'));
  for (const name of begin.filter((own) => own.includes('f'))) {
    writeFileSync(at(name), 'A\n');
    chmodSync(at(name), 0o644);
  }
  if (begin.includes('l0')) symlinkSync('f0', at('l0'));
  return lab;
}

/** A host's files: type, mode, and content or target. */
function filesOf(lab: LocalLab): Record<string, string> {
  const root = join(lab.folder, 'a');
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    names.map((name) => {
      const path = join(root, name);
      const entry = lstatSync(path);
      const mode = (entry.mode & 0o7777).toString(8);
      if (entry.isSymbolicLink()) return [name, `link ${readlinkSync(path)}`];
      return [name, entry.isDirectory() ? `directory ${mode}` : `file ${mode} ${readFileSync(path, 'utf8')}`];
    }),
  );
}

/** What is to be the same, whoever did it. */
interface Result {
  readonly files: Record<string, string>;
  readonly tasks: readonly string[];
  readonly registered: unknown;
  readonly failed: boolean;
}

function resultOf(lab: LocalLab, outcomes: readonly Outcome[], registered: unknown): Result {
  const anywhere = JSON.stringify(registered).replaceAll(lab.folder, '/lab');
  return {
    files: filesOf(lab),
    // Tasks to be skipped are told of while others are under way.
    tasks: outcomes.flatMap(({ tasks }) => tasks).sort(),
    registered: JSON.parse(anywhere) as unknown,
    failed: outcomes.some((outcome) => outcome.error !== undefined),
  };
}

/** A task to be skipped is told so while those before it are under way; one by one it is not come to if one fails. */
function upTo({ failed, tasks, registered: reached }: Result, batched: Result): Result {
  if (!failed) return batched;
  const isExtra = (line: string) => line.endsWith(': skipped') && !tasks.includes(line);
  const registered = Object.entries(batched.registered as object).filter(
    ([name]) => name in (reached as object),
  );
  return {
    ...batched,
    tasks: batched.tasks.filter((line) => !isExtra(line)),
    registered: Object.fromEntries(registered),
  };
}

const playOf = (tasks: readonly Task[]) => JSON.stringify([{ hosts: 'all', tasks }]);

/** As always. */
async function together(list: readonly Move[], lab: LocalLab): Promise<Result & { outcome: Outcome }> {
  const outcome = await lab.run(playOf(tasksOf(list, lab.folder)), { walkAnyway: true });
  return { ...resultOf(lab, [outcome], outcome.registered['a']), outcome };
}

/** A run for each task, which is told what those before it have registered. */
async function oneByOne(list: readonly Move[], lab: LocalLab): Promise<Result> {
  let vars: Record<string, unknown> = {};
  const outcomes: Outcome[] = [];
  for (const task of tasksOf(list, lab.folder)) {
    const outcome = await lab.run(playOf([task]), { vars, walkAnyway: true, heedless: true });
    outcomes.push(outcome);
    vars = { ...vars, ...outcome.registered['a'] };
    if (outcome.error !== undefined) break;
  }
  return resultOf(lab, outcomes, vars);
}

/** Fails when what was planned is not what was done: what could not be known was said to be deferred. */
function expectExact({ planned, tasks }: Outcome): void {
  const done = new Map(tasks.map((line) => line.split(': ') as [string, string]));
  const wrong = planned
    .map((line) => line.split(': ') as [string, string])
    .filter(([task, status]) => {
      const became = done.get(task);
      // A command that fails was planned to run; what comes after it is not reached.
      if (became === undefined || status === 'deferred') return false;
      return (
        became !== status && !(status === 'changed' && ['failed', 'ignored', 'rescued'].includes(became))
      );
    });
  expect(wrong.map(([task, status]) => `${task}: ${status}, and then ${done.get(task) ?? ''}`)).toEqual([]);
}

async function holds(list: readonly Move[], begin: readonly string[]): Promise<void> {
  const labs = { together: makeLab(begin), oneByOne: makeLab(begin) };
  const untouched = filesOf(labs.together);
  for (const run of ['first run', 'second run']) {
    const [{ outcome, ...batched }, single] = await Promise.all([
      together(list, labs.together),
      oneByOne(list, labs.oneByOne),
    ]);
    if (outcome.error !== undefined && outcome.tasks.length === 0) {
      // Refused by the plan: nothing was touched, and one by one would have come to the same end.
      expect({ run, files: batched.files }).toEqual({
        run,
        files: run === 'first run' ? untouched : batched.files,
      });
      expect({ run, error: outcome.error, failed: single.failed }).toMatchObject({ run, failed: true });
      return;
    }
    expect({ run, ...upTo(single, batched) }).toEqual({ run, ...single });
    expectExact(outcome);
  }
}

const plain = {
  path: 'f0',
  other: 'f0',
  content: 'A\n',
  mode: undefined,
  when: undefined,
  ignore: false,
} as const;

const move = (kind: Move['kind'], more: Partial<Move> = {}): Move => ({ ...plain, kind, ...more });

// What the property has found, made small.
const found: [string, Move[], string[]][] = [
  ['a command that only reads comes after what is written', [move('copy'), move('read'), move('copy')], []],
  [
    'a folder is made above what is asked for',
    [move('directory', { path: 'd0/f' }), move('removes', { path: 'd0' })],
    [],
  ],
  [
    'what a command provides is an expression',
    [move('derive', { path: 'l0' }), move('absent', { path: 'l0' })],
    [],
  ],
  [
    'a content that was left out is wanted by another task',
    [
      move('fail', { ignore: true }),
      move('copy', { path: 'd0', mode: '0755' }),
      move('echo', { path: 'l0', other: 'd0' }),
      move('rescue', { path: 'f1', other: 'd0', when: 2, ignore: true }),
    ],
    [],
  ],
  [
    'what a task writes is not known yet',
    [
      move('copy', { content: '' }),
      move('read', { path: 'd0' }),
      move('echo', { path: 'l0' }),
      move('line', { path: 'f1' }),
      move('echo', { path: 'l0' }),
      move('copy'),
      move('copy', { path: 'f1', content: 'B\nC\n' }),
    ],
    [],
  ],
  [
    'a folder goes with what was written there, unseen by a task that could not be planned',
    [
      move('copy', { path: 'd0/f', content: 'A\nB\n' }),
      move('copy', { content: '', when: 0 }),
      move('removes', { path: 'd0' }),
      move('template', { path: 'd0/f', content: 'A\nB\n', when: 2 }),
    ],
    ['d0/f'],
  ],
];

describe('working ahead', () => {
  test.each(found)(
    'changes nothing when %s',
    async (_what, list, begin) => {
      await holds(list, begin);
    },
    60_000,
  );

  test(
    'leaves the same files, reports and results as a run for each task; a plan is what is done',
    async () => {
      await fc.assert(
        fc.asyncProperty(moves, beginnings, (list, begin) => holds(list, begin)),
        {
          numRuns: 10_000,
          interruptAfterTimeLimit: seconds * 1000,
          ...(seed === undefined ? {} : { seed: Number(seed) }),
        },
      );
    },
    2 * seconds * 1000 + 60_000,
  );
});
