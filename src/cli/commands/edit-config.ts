import { readFileSync } from 'node:fs';
import { editConfig as patchConfig, readConfig } from '../../actions/edit-config.ts';
import { combinePatches, patchBetween, patchOfSetting } from '../../cluster/operations/config-edit.ts';
import { dcsProblems } from '../../components/patroni/checks/dcs.ts';
import { stringifyYaml } from '../../config/write-yaml.ts';
import { parseYaml } from '../../config/yaml.ts';
import { InvalidInputError, messageOf, UsageError, type ExitCode } from '../../core/errors.ts';
import { nodeAt, toData, type Node } from '../../core/node.ts';
import { editText } from '../editor.ts';
import type { OperationFlags } from '../options.ts';
import { clusterRequest } from '../request.ts';
import { runOperation } from '../run-operation.ts';

interface EditFlags extends OperationFlags {
  readonly set: string[];
  readonly apply?: string;
}

type Settings = Readonly<Record<string, unknown>>;

export async function editConfig(flags: EditFlags): Promise<ExitCode> {
  const { set, apply } = flags;
  const patch = set.length > 0 || apply !== undefined ? patchOf(set, apply) : await patchFromEditor(flags);
  return runOperation(flags, (request) => patchConfig(request, patch));
}

/** The settings of the file, overridden by those of -s. */
function patchOf(set: readonly string[], apply: string | undefined): Settings {
  const fromFile = apply === undefined ? {} : settingsOfFile(apply);
  return set.map(parseSetting).reduce(combinePatches, fromFile);
}

async function patchFromEditor(flags: EditFlags): Promise<Settings> {
  if (!process.stdin.isTTY)
    throw new UsageError('cannot open an editor without a terminal', {
      hint: 'use -s key=value or --apply FILE',
    });
  const before = await readConfig(await clusterRequest(flags, () => undefined));
  const edited = await editText(stringifyYaml(before), 'config.yml');
  const { settings, root } = settingsIn('the edited text', edited);
  // What was there before is not this edit's fault.
  const patch = patchBetween(before, settings);
  refuseWrong(patch, root);
  return patch;
}

function parseSetting(text: string): Settings {
  const [, key, value = ''] = /^([^=\s]+)=([^]*)$/.exec(text) ?? [];
  if (key === undefined)
    throw new UsageError(`"${text}" is not key=value`, {
      hint: 'for example -s postgresql.parameters.work_mem=8MB',
    });
  const root = nodeOf(`-s ${key}`, value);
  const setting = patchOfSetting(key, root ? toData(root) : null);
  refuseWrong(setting, root);
  return setting;
}

function settingsOfFile(path: string): Settings {
  const { settings, root } = settingsIn(path, readText(path));
  refuseWrong(settings, root);
  return settings;
}

function settingsIn(name: string, text: string): { settings: Settings; root: Node } {
  const root = nodeOf(name, text);
  const data = root ? toData(root) : null;
  if (root && typeof data === 'object' && data !== null && !Array.isArray(data))
    return { settings: data, root };
  throw new InvalidInputError([{ message: `${name} must be a map of settings` }]);
}

function nodeOf(path: string, text: string): Node | undefined {
  const { root, diagnostics } = parseYaml({ path, text });
  if (diagnostics.length > 0) throw new InvalidInputError(diagnostics);
  return root;
}

/** Settings that Patroni or PostgreSQL would not take, before anything is asked. */
function refuseWrong(settings: Settings, root: Node | undefined): void {
  const problems = dcsProblems(settings).map(({ path, ...problem }) => {
    const at = root && nodeAt(root, path).range;
    return { ...problem, ...(at ? { at } : {}) };
  });
  if (problems.length > 0) throw new InvalidInputError(problems);
}

function readText(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${messageOf(error)}`);
  }
}
