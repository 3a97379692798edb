import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseAllDocuments,
  type Document,
  type Node as YamlNode,
  type Pair,
  type Scalar,
} from 'yaml';
import type { Diagnostic } from '../core/diagnostics.ts';
import { placedIn, type MapEntry, type MapNode, type Node, type ScalarNode } from '../core/node.ts';
import { parsedAtBuild } from '../core/parsed.ts';
import type { SourceFile, SourceRange } from '../core/source.ts';
import { isJson } from './is-json.ts';
import { resolvePlain } from './plain-scalar.ts';
import { VaultError, vaultHint, VaultKeys } from './vault.ts';

let shipped: ReadonlyMap<string, Node> | undefined;

interface ParsedYaml {
  /** undefined for an empty document. */
  readonly root: Node | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads one YAML document as Ansible does (YAML 1.1 with PyYAML's rules for plain scalars: `yes` is true,
 * `0640` octal, `1e3` text) into a tree with positions. All errors are returned together.
 */
export function parseYaml(file: SourceFile, keys = new VaultKeys()): ParsedYaml {
  shipped ??= parsedAtBuild('yaml');
  const known = shipped.get(file.text);
  return known ? { root: placedIn(known, file), diagnostics: [] } : parse(file, keys);
}

function parse(file: SourceFile, keys: VaultKeys): ParsedYaml {
  // The failsafe schema leaves every scalar text, so that PyYAML's rules can be applied to it here.
  const documents = parseAllDocuments(file.text, {
    schema: 'failsafe',
    version: '1.1',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  if (!Array.isArray(documents) || documents.length === 0) return { root: undefined, diagnostics: [] };
  const [document, second] = documents;
  // Ansible reads what is JSON as JSON, where `1e3` is a number.
  const json = /^\s*[[{]/.test(file.text) && isJson(file.text);
  const builder = new TreeBuilder(file, document as Document, keys, json);
  for (const error of document?.errors ?? []) {
    const [start, end] = error.pos;
    builder.report(error.message, { file, start, end: Math.max(end, start + 1) });
  }
  if (second) {
    const start = second.range[0];
    builder.report(
      'a second document in one file',
      { file, start, end: start + 1 },
      'put it into a file of its own',
    );
  }
  if (builder.diagnostics.length > 0) return { root: undefined, diagnostics: builder.diagnostics };
  const contents = document?.contents;
  const root = contents ? builder.build(contents) : undefined;
  const empty = root?.kind === 'scalar' && root.value === null && root.text === '';
  return { root: empty ? undefined : root, diagnostics: builder.diagnostics };
}

class TreeBuilder {
  readonly diagnostics: Diagnostic[] = [];
  readonly #file: SourceFile;
  readonly #document: Document;
  readonly #keys: VaultKeys;
  readonly #isJson: boolean;
  readonly #open = new Set<YamlNode>();

  constructor(file: SourceFile, document: Document, keys: VaultKeys, json: boolean) {
    this.#file = file;
    this.#document = document;
    this.#keys = keys;
    this.#isJson = json;
  }

  report(message: string, at: SourceRange, hint?: string): void {
    this.diagnostics.push({ message, at, ...(hint === undefined ? {} : { hint }) });
  }

  build(node: YamlNode): Node {
    const range = this.#rangeOf(node);
    if (this.#open.size > 100) {
      this.report('nested too deeply', range);
      return this.#nothing(range);
    }
    if (isAlias(node)) return this.#resolve(node);
    if (isScalar(node)) return this.#scalar(node, range);
    this.#open.add(node);
    try {
      if (isMap(node) || isSeq(node)) this.#refuseTag(node, range);
      if (isMap(node)) {
        const map = this.#map(node.items, range);
        return (this.#isJson && this.#marked(map)) || map;
      }
      if (isSeq(node))
        return { kind: 'list', items: node.items.map((item) => this.build(item as YamlNode)), range };
      this.report('not a value', range);
      return this.#nothing(range);
    } finally {
      this.#open.delete(node);
    }
  }

  #refuseTag({ tag }: YamlNode, range: SourceRange): void {
    if (tag === undefined || /^(!|tag:yaml\.org,2002:(map|seq))$/.test(tag)) return;
    this.report(
      `the tag ${tag} is not known on a list or a map`,
      range,
      tag === '!unsafe' ? 'put it on the texts in it' : undefined,
    );
  }

  #rangeOf(node: YamlNode): SourceRange {
    const [start, end] = node.range ?? [0, 0];
    return { file: this.#file, start, end };
  }

  #nothing(range: SourceRange): ScalarNode {
    return { kind: 'scalar', value: null, text: '', verbatim: false, range };
  }

  #resolve(alias: YamlNode): Node {
    const range = this.#rangeOf(alias);
    const target = isAlias(alias) ? alias.resolve(this.#document) : undefined;
    if (target && this.#open.has(target)) {
      this.report('an alias that contains itself', range);
      return this.#nothing(range);
    }
    if (target) return this.build(target);
    this.report(`no anchor &${isAlias(alias) ? alias.source : ''} before this`, range);
    return this.#nothing(range);
  }

  #map(pairs: readonly Pair[], range: SourceRange): MapNode {
    const own: MapEntry[] = [];
    const merged: MapEntry[] = [];
    for (const pair of pairs) {
      const keyNode = pair.key as YamlNode;
      const keyRange = this.#rangeOf(keyNode);
      if (!isScalar(keyNode)) {
        this.report('a key must be plain text', keyRange);
        continue;
      }
      const key = scalarText(keyNode);
      const value = pair.value ? this.build(pair.value as YamlNode) : this.#nothing(keyRange);
      if (key === '<<' && keyNode.type === 'PLAIN') {
        merged.push(...this.#mergeSources(value));
        continue;
      }
      if (own.some((entry) => entry.key === key)) {
        this.report(`"${key}" is given twice`, keyRange, 'only one of them can hold');
        continue;
      }
      own.push({ key, keyRange, value });
    }
    const keys = new Set(own.map((entry) => entry.key));
    // Of several merged maps the first to name a key wins, and the map's own keys before all of them.
    for (const entry of merged) {
      if (!keys.has(entry.key)) own.push(entry);
      keys.add(entry.key);
    }
    return { kind: 'map', entries: own, range };
  }

  /** A text that Ansible has put into an object, as its JSON has no tags. */
  #marked({ entries }: MapNode): ScalarNode | undefined {
    for (const { key, value } of entries) {
      if (value.kind !== 'scalar') continue;
      if (key === '__ansible_vault') return this.#opened(value.text, value.range);
      if (key === '__ansible_unsafe') return { ...value, verbatim: true };
    }
    return undefined;
  }

  #mergeSources(value: Node): readonly MapEntry[] {
    if (value.kind === 'map') return value.entries;
    if (value.kind === 'list') return value.items.flatMap((item) => this.#mergeSources(item));
    this.report('only a map can be merged', value.range);
    return [];
  }

  #scalar(node: Scalar, range: SourceRange): ScalarNode {
    const text = scalarText(node);
    const value = (resolved: ScalarNode['value'], verbatim = false): ScalarNode => ({
      kind: 'scalar',
      value: resolved,
      text,
      verbatim,
      range,
    });
    switch (node.tag) {
      case undefined:
        return value(node.type === 'PLAIN' || node.type === undefined ? this.#plain(text) : text);
      case '!':
      case 'tag:yaml.org,2002:str':
        return value(text);
      case '!unsafe':
        return value(text, true);
      case 'tag:yaml.org,2002:int':
      case 'tag:yaml.org,2002:float':
      case 'tag:yaml.org,2002:bool':
      case 'tag:yaml.org,2002:null':
        return value(resolvePlain(text));
      case '!vault':
      case '!vault-encrypted':
        return this.#opened(text, range);
      default:
        this.report(`the tag ${node.tag} is not known`, range);
        return value(text);
    }
  }

  /** What is encrypted is text, templates in it included. */
  #opened(ciphertext: string, range: SourceRange): ScalarNode {
    const value = (text: string): ScalarNode => ({
      kind: 'scalar',
      value: text,
      text,
      verbatim: false,
      ciphertext,
      range,
    });
    try {
      const text = this.#keys.open(ciphertext);
      this.#keys.hideValue(text);
      return value(text);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      if (!this.#keys.onlyLists) this.report(error.message, range, vaultHint);
      return value('');
    }
  }

  #plain(text: string): ScalarNode['value'] {
    const value = resolvePlain(text);
    return this.#isJson && typeof value === 'string' && /[.eE]/.test(text) ? Number(text) : value;
  }
}

function scalarText(node: Scalar): string {
  return typeof node.value === 'string' ? node.value : (node.source ?? '');
}
