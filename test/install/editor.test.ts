import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createMessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node.js';
import { init } from '../../src/actions/init.ts';

const folder = mkdtempSync(join(tmpdir(), 'drover-editor-'));
let server: ChildProcess;
let client: MessageConnection;

interface Problem {
  readonly message: string;
  readonly range: { readonly start: { readonly line: number } };
}

/** Whoever waits for what the server says about a file. */
const waiting = new Map<string, (problems: readonly Problem[]) => void>();

beforeAll(async () => {
  init({ folder, bundled: (path) => resolve(path) });
  const program = createRequire(import.meta.url).resolve('yaml-language-server/bin/yaml-language-server');
  server = spawn(process.execPath, [program, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  if (!server.stdout || !server.stdin) throw new Error('the language server has no pipes');
  client = createMessageConnection(
    new StreamMessageReader(server.stdout),
    new StreamMessageWriter(server.stdin),
  );
  client.onNotification(
    'textDocument/publishDiagnostics',
    ({ uri, diagnostics }: { uri: string; diagnostics: Problem[] }) => waiting.get(uri)?.(diagnostics),
  );
  // Nothing but what a file itself names: no store of schemas on the network.
  client.onRequest('workspace/configuration', () => [
    { validate: true, schemaStore: { enable: false } },
    {},
    {},
    {},
  ]);
  client.onRequest('client/registerCapability', () => null);
  client.listen();
  const capabilities = {
    textDocument: { publishDiagnostics: {}, hover: {} },
    workspace: { configuration: true },
  };
  await client.sendRequest('initialize', {
    processId: process.pid,
    rootUri: pathToFileURL(folder).href,
    capabilities,
  });
  await client.sendNotification('initialized', {});
});
afterAll(() => {
  client.dispose();
  server.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens a file as an editor does. */
async function open(name: string, text: string): Promise<{ uri: string; problems: readonly Problem[] }> {
  const path = join(folder, name);
  writeFileSync(path, text);
  const uri = pathToFileURL(path).href;
  const problems = new Promise<readonly Problem[]>((told) => waiting.set(uri, told));
  await client.sendNotification('textDocument/didOpen', {
    textDocument: { uri, languageId: 'yaml', version: 1, text },
  });
  return { uri, problems: await problems };
}

const made = (name: string) => readFileSync(join(folder, name), 'utf8');
const inventory = (text: string) => `# yaml-language-server: $schema=.drover/inventory.schema.json\n${text}`;
const playbook = (text: string) =>
  `# yaml-language-server: $schema=${pathToFileURL(resolve('docs/playbook.schema.json')).href}\n${text}`;

describe('the language server finds nothing wrong', () => {
  test.each(['inventory.yml', 'drover.yml'])('with %s, as drover init makes it', async (name) => {
    expect((await open(name, made(name))).problems).toEqual([]);
  });

  test.each([
    'site',
    'preflight',
    'hosts',
    'packages',
    'upgrade',
    'etcd/install',
    'patroni/install',
    'haproxy/install',
    'watchdog/install',
  ])('with drover’s own playbook %s.yml', async (name) => {
    const text = playbook(readFileSync(`playbooks/${name}.yml`, 'utf8'));
    expect((await open(`${name.replace('/', '-')}.yml`, text)).problems).toEqual([]);
  });

  test('with templates, and variables of one’s own', async () => {
    const text = inventory('all: { vars: { postgres_port: "{{base}}", base: 5432, postgres_version: 17 } }');
    expect((await open('templates.yml', text)).problems).toEqual([]);
  });
});

describe('the language server underlines', () => {
  test.each([
    ['a variable that there is not', 'postgres_prot: 5433', /postgres_prot|not allowed|not expected/i],
    ['a port out of range', 'postgres_port: 99999', /65535|range|maximum/i],
    ['text for a number', 'patroni_ttl: soon', /integer|number|pattern/i],
    ['a word that is no choice', 'watchdog_mode: maybe', /required|automatic|off/i],
  ])('%s', async (name, variable, message) => {
    const { problems } = await open(`${name}.yml`, inventory(`all:\n  vars:\n    ${variable}\n`));
    expect(problems.map(({ range }) => range.start.line)).toEqual([3]);
    expect(problems[0]?.message).toMatch(message);
  });

  test('a group’s key that there is not', async () => {
    const { problems } = await open('keys.yml', inventory('all:\n  host: { a: }\n'));
    expect(problems.map(({ message }) => message).join()).toContain('host');
  });

  test('a setting that there is not', async () => {
    const { problems } = await open('settings.yml', made('drover.yml').replace('inventory:', 'inventroy:'));
    expect(problems.map(({ message }) => message).join()).toContain('inventroy');
  });

  test.each([
    ['keyword', '- hosts: all\n  tasks:\n    - debug: { msg: a }\n      whne: b\n', 3, /whne/],
    ['module', '- hosts: all\n  tasks:\n    - debgu: { msg: a }\n', 2, /debgu/],
    ['parameter', '- hosts: all\n  tasks:\n    - file: { path: /a, stat: touch }\n', 2, /stat/],
    [
      'value',
      '- hosts: all\n  tasks:\n    - service: { name: a, state: runing }\n',
      2,
      /started|state|Value/i,
    ],
  ])('a %s of a playbook that there is not', async (what, text, line, message) => {
    const { problems } = await open(`${what}-play.yml`, playbook(text));
    expect(problems.map(({ range }) => range.start.line)).toContain(line + 1);
    expect(problems.map((problem) => problem.message).join()).toMatch(message);
  });
});

test('hovering over a variable shows what it is', async () => {
  const { uri } = await open('hover.yml', inventory('all:\n  vars:\n    patroni_ttl: 30\n'));
  const hover = await client.sendRequest('textDocument/hover', {
    textDocument: { uri },
    position: { line: 3, character: 8 },
  });
  expect(JSON.stringify(hover)).toMatch(/in s/);
});
