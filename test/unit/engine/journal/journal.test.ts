import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { runsOf } from '../../../../src/engine/journal/history.ts';
import { parseJournal } from '../../../../src/engine/journal/journal-line.ts';
import { LocalLab, type RunSettings } from '../local.ts';

vi.setConfig({ testTimeout: 60_000 });

const play = (tasks: string) =>
  `- hosts: all\n  become: true\n  tasks:\n${tasks.trim().replace(/^(?=.)/gm, '    ')}\n`;

/** What a run leaves in the journal. */
async function journalOf(tasks: string, settings: RunSettings = {}, lab = new LocalLab()) {
  const outcome = await lab.run(play(tasks), { journal: true, ...settings });
  const text = existsSync(lab.journal) ? readFileSync(lab.journal, 'utf8') : '';
  const { lines, unreadable } = parseJournal(text);
  expect(unreadable).toBe(0);
  const [past] = runsOf([{ host: 'a', lines, holder: undefined }]);
  return {
    lab,
    outcome,
    text,
    past,
    phases: lines.map((line) => ('n' in line ? `${line.phase} ${line.n}` : line.phase)),
  };
}

const two = `
- { name: one, copy: { dest: "{{dir}}/one", content: "1\\n" } }
- { name: two, copy: { dest: "{{dir}}/two", content: "2\\n" } }`;

/** What no plan refuses. */
const tooLong = 'x'.repeat(300);

describe('the journal of a run', () => {
  test('has an intent and a result of each change, between begin and end', async () => {
    const { phases, past, outcome } = await journalOf(`
- { name: one, copy: { dest: "{{dir}}/one", content: "1\\n" } }
- { name: two, command: 'true' }`);
    expect(phases).toEqual(['begin', 'begun 1', 'done 1', 'begun 2', 'done 2', 'end']);
    expect(past).toMatchObject({ outcome: 'done', exitCode: 0 });
    expect(past?.changes[0]).toMatchObject({ task: 'one', action: 'create', diff: '@@ -0,0 +1,1 @@\n+1' });
    // Facts, the batch; the end is told once the figures are made up.
    expect(outcome.recap['a']?.roundTrips).toBe(2);
  });

  test('has files that are made together one by one', async () => {
    const { phases, past } = await journalOf(two);
    expect(phases).toEqual(['begin', 'begun 1', 'begun 2', 'done 1', 'done 2', 'end']);
    expect(past?.changes.map(({ state }) => state)).toEqual(['done', 'done']);
  });

  test('forgets an attempt to make files together that failed, and tells what went wrong with one', async () => {
    const { past } = await journalOf(`
- { name: one, copy: { dest: "{{dir}}/one", content: "1\\n" } }
- { name: two, copy: { dest: "{{dir}}/${tooLong}", content: "2\\n" } }`);
    expect(past).toMatchObject({ outcome: 'failed', exitCode: 3 });
    expect(past?.changes).toMatchObject([
      { task: 'one', state: 'done' },
      { task: 'two', state: 'failed', message: expect.stringContaining('File name too long') as string },
    ]);
    expect(past?.message).toContain('File name too long');
  });

  /** A folder that a playbook brings. */
  function labWith(files: Readonly<Record<string, string>>): LocalLab {
    const lab = new LocalLab();
    const folder = join(lab.folder, 'files/site');
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return lab;
  }

  test('tells of a folder that could not be made once, and that nothing of it was', async () => {
    const lab = labWith({ one: '1', two: '2' });
    const tasks = `
- { name: before, copy: { dest: "{{dir}}/one", content: "1\\n" } }
- { name: site, copy: { src: "${lab.folder}/files/site", dest: "{{dir}}/${tooLong}" } }`;
    const { past } = await journalOf(tasks, {}, lab);
    expect(past?.changes).toMatchObject([
      { task: 'before', state: 'done' },
      { task: 'site', state: 'failed', message: expect.stringContaining('File name too long') as string },
    ]);
    expect(readdirSync(join(lab.folder, 'a'))).toEqual(['one']);
  });

  test('has no more than its share of what is in a folder', async () => {
    const names = Array.from({ length: 60 }, (_, n) => `f${String(n).padStart(2, '0')}`);
    const lab = labWith(Object.fromEntries(names.map((name) => [name, `${'x'.repeat(15_000)}\n`])));
    const tasks = `- { name: site, copy: { src: "${lab.folder}/files/site", dest: "{{dir}}" } }`;
    const { text, past } = await journalOf(tasks, {}, lab);
    expect(text.length).toBeLessThan(300_000);
    expect(past?.changes).toHaveLength(61);
    expect(past?.changes[1]?.diff).toMatch(/^@@.*\n\+x{15000}$/);
    expect(past?.changes[60]?.diff).toMatch(/^\n… 15\d{3} characters more$/);
  });

  test('is written neither by a plan nor by a run that changes nothing', async () => {
    const { lab, text } = await journalOf(two, { planOnly: true });
    expect(text).toBe('');
    const first = await journalOf(two, {}, lab);
    const second = await journalOf(two, {}, lab);
    expect(second.text).toBe(first.text);
    expect(second.outcome.recap['a']?.roundTrips).toBe(1);
  });

  test('takes a command’s end for what failed_when makes of it', async () => {
    const { past } = await journalOf(`
- { name: fine, shell: exit 3, failed_when: false }
- { name: bad, shell: "echo no way >&2; exit 4" }`);
    expect(past?.changes).toMatchObject([
      { task: 'fine', state: 'done' },
      { task: 'bad', state: 'failed', message: 'no way' },
    ]);
  });

  test('has what is tried again by itself each time', async () => {
    const { past } = await journalOf(`
- name: third time
  shell: 'echo x >> {{dir}}/tries; [ "$(wc -l < {{dir}}/tries)" -ge 3 ]'
  register: tried
  until: eq tried.rc 0
  retries: 5
  delay: 0`);
    expect(past?.changes.map(({ state }) => state)).toEqual(['failed', 'failed', 'done']);
  });

  test('holds no secret: of a template, a command, a message, or under no_log', async () => {
    const { lab, text, past } = await journalOf(`
- { name: file, copy: { dest: "{{dir}}/f", content: "user: me\\npassword: {{password}}\\n" } }
- { name: command, shell: "echo '{{password}}' > {{dir}}/c" }
- { name: hidden, no_log: true, copy: { dest: "{{dir}}/h", content: "very private\\n" } }
- { name: message, shell: "cat {{dir}}/c >&2; exit 1" }`);
    expect(lab.read('a', 'f')).toContain(lab.secret);
    expect(text).not.toContain(lab.secret);
    expect(text).not.toContain('anybody');
    expect(text).not.toContain('very private');
    expect(past?.changes[0]?.diff).toContain('+password: «secret»');
    expect(past?.changes.at(-1)).toMatchObject({ state: 'failed', message: '«secret»' });
  });

  test('leaves a change in doubt whose script did not come back', async () => {
    // The step kills itself and all around it, up to the session's shell, as a power cut would.
    const { past } = await journalOf(`
- { name: one, copy: { dest: "{{dir}}/one", content: "1\\n" } }
- { name: two, shell: kill -9 0 }`);
    expect(past?.changes.map(({ task, state }) => `${task} ${state}`)).toEqual(['one done', 'two doubt']);
    expect(past?.outcome).toBe('cut off');
  });
});
