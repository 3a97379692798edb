import { createHash } from 'node:crypto';
import type { HttpAnswer as Answer, HttpRequest } from '../../src/clients/http.ts';
import type { SqlAnswer } from '../../src/clients/sql.ts';
import { apiRecords, isApiKind } from '../../src/facts/api.ts';
import { parseCollected } from '../../src/facts/collectors.ts';
import { largestShownFile } from '../../src/facts/content.ts';
import { identify, unreachableRecords, type FactRecord, type Need } from '../../src/facts/need.ts';
import { World } from '../../src/engine/hosts/world.ts';
import type { Case, Fact, Facts, HttpAnswer } from './case.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** What is known of each host once everything that a task needs was collected from it. */
export function worldsOf({ host, facts, others }: Case, needs: readonly Need<unknown>[]): Map<string, World> {
  const hosts = new Set([host, ...Object.keys(others), ...needs.flatMap((need) => need.host ?? [])]);
  return new Map(
    [...hosts].map((name) => {
      const own = needs.filter((need) => (need.host ?? host) === name);
      const given = name === host ? facts : (others[name] ?? {});
      const world = new World();
      world.learn(
        typeof given === 'string'
          ? new Map(own.map((need) => [identify(need), unreachableRecords(given)]))
          : recordsOf(given, own, name),
      );
      return [name, world];
    }),
  );
}

/** The records of each need: what the host prints, parsed as the engine parses it, and what its APIs answer. */
function recordsOf(facts: Facts, needs: readonly Need<unknown>[], host: string): Map<string, FactRecord[]> {
  const scripts = needs.filter((need) => !isApiKind(need.kind));
  const lines: string[] = [];
  const answers = new Map<string, FactRecord[]>();
  for (const [name, fact] of Object.entries(facts)) {
    if (fact === null) continue;
    const asked = needs.filter((need) => isMeant(name, need, needs));
    // A fact nobody asks for would let a case pass for another reason than the one it shows.
    if (asked.length === 0) {
      const known = needs.map(nameOf).join('\n  ');
      throw new Error(`${host}: the task does not ask for "${name}"; it asks for\n  ${known}`);
    }
    for (const need of asked) {
      if (isApiKind(need.kind)) answers.set(identify(need), apiRecords(answerOf(fact)));
      else lines.push(...printed(need, fact));
    }
  }
  return new Map([...parseCollected(lines.join('\n'), scripts), ...answers]);
}

/** Whether a case's name of a fact means this need. */
export function isMeant(name: string, need: Need<unknown>, needs: readonly Need<unknown>[]): boolean {
  const file = /^file (.*)$/.exec(name)?.[1];
  if (file !== undefined)
    return need.key === file && ['path', 'digest', 'content', 'ctime'].includes(need.kind);
  // Alone it is the first query; with a text, one that holds it.
  const sql = /^sql ?(.*)$/.exec(name)?.[1];
  if (sql === '') return need === needs.find(({ kind }) => kind === 'sql');
  if (sql !== undefined) return need.kind === 'sql' && need.key.includes(sql);
  if (nameOf(need) === name) return true;
  const ofKind = new Set(needs.filter(({ kind }) => kind === need.kind).map(({ key }) => key));
  return need.kind === name && ofKind.size === 1;
}

function nameOf({ kind, key, args }: Need<unknown>): string {
  if (kind === 'script') return `script ${args ?? ''}`;
  if (kind === 'http') return `http ${addressOf(JSON.parse(key) as HttpRequest)}`;
  if (kind === 'sql') return 'sql';
  return `${kind} ${key}`;
}

export function addressOf({ method, address, port, path }: HttpRequest): string {
  return `${method} ${address}:${port}${path}`;
}

/** The lines that the need's collector prints of a fact. */
function printed({ kind, key, args }: Need<unknown>, fact: Fact): string[] {
  const line = (...values: unknown[]) => [kind, key, ...values].join('\t');
  if (Array.isArray(fact)) {
    const nested = fact.every((item) => Array.isArray(item));
    return nested ? fact.map((fields) => line(...fields)) : [line(...fact)];
  }
  if ('mode' in fact && 'content' in fact) {
    const content = String(fact.content);
    const values: Readonly<Record<string, string[] | undefined>> = {
      path: [content === '' ? 'regular empty file' : 'regular file', String(fact.mode)].concat(
        String(fact.owner),
        String(fact.group),
      ),
      digest: [sha256(content)],
      content: args === sha256(content) || content.length > largestShownFile ? undefined : [base64(content)],
    };
    return values[kind] ? [line(...values[kind])] : [];
  }
  if ('invocation' in fact && 'restart' in fact) {
    const digest = (inputs: unknown) =>
      sha256(
        Object.entries(inputs as Record<string, string>)
          .map(([name, value]) => `${name} ${value}\n`)
          .join(''),
      );
    const { invocation, restart, reload, read_at: readAt } = fact as Record<string, unknown>;
    return [line([invocation, digest(restart), digest(reload), readAt].join(' '))];
  }
  if ('exit' in fact) return [line(base64(String(fact.stdout)), fact.exit, base64(String(fact.stderr)))];
  if ('content' in fact) return [line(base64(String(fact.content)))];
  return [line(...Object.entries(fact).map(([name, value]) => `${name}=${String(value)}`))];
}

function answerOf(fact: Fact): Answer | SqlAnswer {
  if (Array.isArray(fact)) throw new Error('an API does not answer with fields');
  if ('rows' in fact) return { answered: true, rows: fact.rows as never };
  if ('silent' in fact && 'code' in fact)
    return { answered: false, reason: String(fact.silent), code: String(fact.code) };
  return httpAnswer(fact as HttpAnswer);
}

export function httpAnswer(answer: HttpAnswer): Answer {
  if ('silent' in answer) return { answered: false, reason: answer.silent };
  const body = answer.body ?? (answer.json === undefined ? '' : JSON.stringify(answer.json));
  return { answered: true, status: answer.status, body };
}
