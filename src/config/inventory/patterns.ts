import { isIPv6 } from 'node:net';
import { didYouMean } from '../../core/diagnostics.ts';
import { Problems, readSource } from '../files.ts';
import type { Inventory } from './model.ts';

/** A host pattern that selects nothing it names, or is malformed. */
export class PatternError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** The hosts a pattern selects, in order: Ansible's `web:db`, `!x`, `&x`, `x*`, `~regex`, `x[0:2]`, `@file`. */
export function selectHosts(inventory: Inventory, pattern: string): string[] {
  const parts = splitPattern(pattern);
  const positive = parts.filter((part) => !/^[!&]/.test(part));
  // Ansible's order: what selects first, then what narrows, then what excludes.
  // A host's name is the host, even where a group has the same.
  let selected = (positive.length === 0 ? ['all'] : positive).flatMap((part) =>
    inventory.hosts.has(part) ? [part] : resolve(inventory, part),
  );
  for (const part of parts.filter((item) => item.startsWith('&'))) {
    const kept = new Set(resolve(inventory, part.slice(1)));
    selected = selected.filter((host) => kept.has(host));
  }
  for (const part of parts.filter((item) => item.startsWith('!'))) {
    const dropped = new Set(resolve(inventory, part.slice(1)));
    selected = selected.filter((host) => !dropped.has(host));
  }
  return [...new Set(selected)];
}

// A colon or a space separates only outside brackets, and a colon not within an address.
function splitPattern(pattern: string): string[] {
  return pattern
    .split(',')
    .map((part) => part.trim())
    .flatMap((part) => (isIPv6(part.replace(/^[!&]/, '')) ? [part] : part.split(/[:\s](?![^[]*\])/)))
    .filter((part) => part !== '');
}

function resolve(inventory: Inventory, part: string): string[] {
  if (part.startsWith('@')) return fromFile(inventory, part.slice(1));
  const subscript = /^([^~].*)\[(-?\d+)(?:([:-])(-?\d*))?\]$/.exec(part);
  if (subscript) {
    const [, base = '', first = '', separator, last = ''] = subscript;
    if (separator !== undefined && (first.startsWith('-') || last.startsWith('-')))
      throw new PatternError(`"${part}" is no subscript`, 'there are [N], [-N], [FIRST:] and [FIRST:LAST]');
    return slice(resolve(inventory, base), Number(first), separator === undefined ? undefined : last);
  }
  const names = [...inventory.groups.keys()];
  const test = matcher(part);
  const groups = names.filter(test);
  const fromGroups = groups.flatMap((group) => inventory.hostsOf(group));
  // A plain name is a group before it is a host; a wildcard, or what may be an address, is both.
  const hosts = groups.length > 0 && !/[.*?~[]/.test(part) ? [] : [...inventory.hosts.keys()].filter(test);
  if (groups.length > 0 || hosts.length > 0 || /[*?~]/.test(part))
    return [...new Set([...fromGroups, ...hosts])];
  const named = inventory.hostNamed(part);
  if (named) return [named.name];
  throw new PatternError(
    `no host or group "${part}"`,
    didYouMean(part, [...names, ...inventory.hosts.keys()]).hint,
  );
}

function matcher(part: string): (name: string) => boolean {
  if (part.startsWith('~')) {
    const [, flag = '', expression = ''] = /^~(\(\?i\))?(.*)$/s.exec(part) ?? [];
    const compiled = compile(`^(?:${ofPython(expression)})`, part, flag === '' ? '' : 'i');
    return (name) => compiled.test(name);
  }
  if (!/[*?[]/.test(part)) return (name) => name === part;
  const expression = part
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const compiled = compile(`^${expression.replaceAll('[!', '[^')}$`, part);
  return (name) => compiled.test(name);
}

/** What Python writes otherwise in regular expressions: `\\A`, `\\Z`, `(?P<name>…)`. */
function ofPython(expression: string): string {
  const anchors: Readonly<Record<string, string>> = { '\\A': '^', '\\Z': '$' };
  return expression.replace(/\\./gs, (escape) => anchors[escape] ?? escape).replaceAll('(?P<', '(?<');
}

function compile(expression: string, part: string, flags = ''): RegExp {
  try {
    return new RegExp(expression, flags);
  } catch {
    throw new PatternError(`"${part}" is not a pattern`, 'its brackets do not match');
  }
}

function slice(hosts: readonly string[], first: number, last: string | undefined): string[] {
  const host = hosts.at(first);
  // To Ansible an end of 0 is none.
  if (last === undefined || /^0+$/.test(last)) return host === undefined ? [] : [host];
  return hosts.slice(first, last === '' ? undefined : Number(last) + 1);
}

function fromFile(inventory: Inventory, path: string): string[] {
  const problems = new Problems();
  const file = readSource(path, problems);
  if (!file) throw new PatternError(`@${problems.list.map(({ message }) => message).join()}`);
  return file.text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => selectHosts(inventory, line));
}
