import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { entryOf, type MapNode, type Node } from '../../core/node.ts';
import type { SourceFile, SourceFolder } from '../../core/source.ts';
import type { Module } from '../../modules/define-module.ts';
import { isTemplate, templateOfFile, TemplateError } from '../../vars/template.ts';
import { homeOf } from '../component-folders.ts';
import { readSource, type Problems } from '../files.ts';
import { readFolder } from '../source-folder.ts';
import type { Task } from './model.ts';

/** The file, or folder, that `src` names, looked for as Ansible does. */
export function sourceOf(
  module: Module,
  params: MapNode,
  folder: string,
  problems: Problems,
): Task['source'] {
  if (!module.file) return undefined;
  const entry = entryOf(params, module.file.param);
  if (entry?.value.kind !== 'scalar' || typeof entry.value.value !== 'string') return undefined;
  const { value } = entry.value;
  if (isTemplate(value)) return undefined;
  return findSource(value, folder, module.file, entry.value, problems);
}

function sourceFolders(folder: string, isTemplateFile: boolean): string[] {
  const kind = isTemplateFile ? 'templates' : 'files';
  return [join(folder, kind), join(folder, '..', kind), folder, join(homeOf(folder), '..', kind)]
    .map((path) => resolve(path))
    .filter((path, index, all) => all.indexOf(path) === index);
}

/** Reads a file, folder or template, which is looked for beside the playbook; undefined and a problem when it can't be read. */
export function findSource(
  name: string,
  folder: string,
  { render, folder: takesFolder }: NonNullable<Module['file']>,
  at: Node,
  problems: Problems,
): SourceFile | SourceFolder | undefined {
  // The playbook's own folder, which may hold secrets, must not be copied.
  if (/^[./]*$/.test(name)) {
    problems.add({ message: `"${name}" names no file`, at: at.range });
    return undefined;
  }
  const folders = name.startsWith('/') ? ['/'] : sourceFolders(folder, render);
  const path = folders.map((candidate) => join(candidate, name)).find((candidate) => existsSync(candidate));
  if (path === undefined) {
    const message = `there is no ${render ? 'template' : 'file'} ${name}`;
    const hint = name.startsWith('/') ? {} : { hint: `looked in ${folders.join(', ')}` };
    problems.add({ message, at: at.range, ...hint });
    return undefined;
  }
  if (takesFolder && statSync(path).isDirectory()) return readFolder(path, problems);
  const source = readSource(path, problems);
  if (!source || !render) return source;
  try {
    templateOfFile(source);
    return source;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    problems.add(error.diagnostic);
    return source;
  }
}
