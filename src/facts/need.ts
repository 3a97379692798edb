// What can be known of a host: for each kind of fact the script that gathers it and the parser of what that prints.
// Nothing here connects to a host or decides anything.

/** Kinds of fact: each is gathered by one of the collectors, or asked of an API. */
export type FactKind =
  | 'active'
  | 'available'
  | 'candidate'
  | 'content'
  | 'ctime'
  | 'daemon-reload'
  | 'digest'
  | 'filled'
  | 'group'
  | 'group-name'
  | 'host'
  | 'http'
  | 'kernel-module'
  | 'listener'
  | 'package'
  | 'path'
  | 'read'
  | 'restart-record'
  | 'script'
  | 'space'
  | 'sql'
  | 'sysctl'
  | 'unit'
  | 'user'
  | 'user-name';

/** The fields that a collector printed for one key, without kind and key. One key may have several records. */
export type FactRecord = readonly string[];

/**
 * One thing a task needs to know of a host, and how to read the answer. Needs of equal kind and key are one fact,
 * gathered once.
 */
export interface Need<F> {
  readonly kind: FactKind;
  readonly key: string;
  /** What the collector needs beside the key; no part of the fact's identity. */
  readonly args?: string;
  /** The host to ask, where it is not the task's own. */
  readonly host?: string;
  parse(records: readonly FactRecord[]): F;
}

/** What rules a change out, and what to do about it. */
export interface Obstacle {
  readonly reason: string;
  readonly hint: string;
}

/** A fact that a change takes for granted: it says what is in the way, if something is. */
export type Presumption = Need<Obstacle | undefined>;

/** A fact of another host: it may not be reachable. */
export type Answer<F> = { answered: true; fact: F } | { answered: false; reason: string };

export type Needs = Readonly<Record<string, Need<unknown> | readonly Need<unknown>[]>>;

/** What a module's needs come back as. */
export type Facts<N extends Needs> = {
  [K in keyof N]: N[K] extends Need<infer F> ? F : N[K] extends readonly Need<infer G>[] ? G[] : never;
};

/** Gathers one kind of fact, or some that have the same source, for all tasks at once. */
export interface Collector {
  readonly kinds: readonly FactKind[];
  /** Kinds whose change between plan and apply does not stop the apply: they are held against one that is guarded. */
  readonly unguarded?: readonly FactKind[];
  /** POSIX sh that prints `kind TAB key TAB fields` lines and changes nothing. */
  script(needs: readonly Need<unknown>[]): string;
}

/** The record an unreachable host's needs are answered with. */
const unreachable = 'unreachable';

export function unreachableRecords(reason: string): FactRecord[] {
  return [[unreachable, reason]];
}

/** The need, asked of another host. */
export function onHost<F>(host: string, need: Need<F>): Need<Answer<F>> {
  return {
    ...need,
    host,
    parse(records) {
      const [first] = records;
      if (first?.[0] === unreachable) return { answered: false, reason: first[1] ?? '' };
      return { answered: true, fact: need.parse(records) };
    },
  };
}

/** What the fact of this kind and key goes by among those of a host. */
export function identify({ kind, key }: { readonly kind: FactKind; readonly key: string }): string {
  return `${kind}\t${key}`;
}

/** A key must stand in one field of one line. */
export function checkKey(key: string): string {
  if (/[\t\n\0]/.test(key)) throw new Error(`control character in ${JSON.stringify(key)}`);
  return key;
}

export function decodeBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}
