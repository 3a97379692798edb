import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import type { Tool } from './playbook-hosts.ts';

/** One playbook and what both tools are to make of it: the same, or what is said below. */
const Case = z
  .strictObject({
    /** Shell script that brings each host into the state that the playbook is to meet; /srv/case is there, and empty. */
    given: z.string().default(''),
    /** The tasks of one play over all hosts, without gathering facts; or the whole playbook. */
    tasks: z.string().optional(),
    playbook: z.string().optional(),
    /** What lies beside the playbook, by path. */
    files: z.record(z.string(), z.string()).default({}),
    hosts: z.int().min(1).max(3).default(1),
    /** A second inventory, beside the one that says how to reach the hosts. */
    inventory: z.string().optional(),
    args: z.array(z.string()).default([]),
    /** What drover is told in place of a text of Ansible's, in all of the above files. */
    drover: z.record(z.string(), z.string()).default({}),
    /** Shell script that prints what else of a host is to be the same. */
    look: z.string().default(''),
    /** Shell script that takes back what the next case is not to find. */
    undo: z.string().default(''),
    /** drover does nothing, and says this. */
    refused: z.string().optional(),
    /** What differs on purpose, and the sentence of the documentation that says so. */
    differs: z
      .partialRecord(z.enum(['state', 'counts', 'rerun']), z.string())
      .refine((differs) => Object.keys(differs).length > 0)
      .optional(),
  })
  .refine(
    ({ tasks, playbook }) => (tasks === undefined) !== (playbook === undefined),
    'has tasks or a playbook',
  );
export type Case = z.infer<typeof Case>;

const folder = join(import.meta.dirname, 'playbooks');

/** The cases of every file, by topic and name. */
export function playbookCases(): { topic: string; cases: [string, Case][] }[] {
  return readdirSync(folder).map((file) => {
    const all = parse(readFileSync(join(folder, file), 'utf8')) as Record<string, unknown>;
    const read = ([name, data]: [string, unknown]): [string, Case] => {
      const { data: found, error } = Case.safeParse(data);
      if (!found) throw new Error(`${file}: ${name}: ${z.prettifyError(error)}`);
      return [name, found];
    };
    return { topic: file.replace(/\.yml$/, ''), cases: Object.entries(all).map(read) };
  });
}

/** The playbook's text. */
function playbookOf({ tasks = '', playbook }: Case): string {
  if (playbook !== undefined) return playbook;
  return `- hosts: all\n  gather_facts: false\n  tasks:\n${tasks.replace(/^(?=.)/gm, '    ')}`;
}

/** Writes a case's files into a folder as a tool is to read them; the arguments of the program that runs it. */
export function layOut(at: string, tool: Tool, each: Case, reaching: string): string[] {
  const { files, inventory, args, drover } = each;
  const texts = Object.entries({
    ...files,
    'playbook.yml': playbookOf(each),
    ...(inventory === undefined ? {} : { 'inventory.yml': inventory }),
  });
  const unused = Object.keys(drover).filter((text) => !texts.some(([, file]) => file.includes(text)));
  if (unused.length > 0) throw new Error(`in no file of the case: ${unused.join(', ')}`);
  const said = (text: string) =>
    Object.entries(drover).reduce((told, [theirs, ours]) => told.replaceAll(theirs, ours), text);
  for (const [name, text] of [...texts, ['reaching.yml', reaching] as const]) {
    mkdirSync(dirname(join(at, name)), { recursive: true });
    writeFileSync(join(at, name), tool === 'drover' ? said(text) : text);
  }
  const sources = ['reaching.yml', ...(inventory === undefined ? [] : ['inventory.yml'])];
  return [join(at, 'playbook.yml'), ...sources.flatMap((source) => ['-i', join(at, source)]), ...args];
}
