import { describe, expect, test } from 'vitest';
import type { Task } from '../../../../src/config/playbook/model.ts';
import { Bindings } from '../../../../src/engine/tasks/bindings.ts';
import type { FactRecord } from '../../../../src/facts/need.ts';
import type { Need } from '../../../../src/facts/need.ts';
import { copy } from '../../../../src/modules/copy/index.ts';
import { setFact } from '../../../../src/modules/set-fact/index.ts';

const context = {
  digest: (text: string) => `digest of ${text}`,
  encode: (text: string) => text,
  redact: (text: string) => text,
  matchesScram: () => false,
};
const task = { module: copy } as Task;
const params = { dest: '/f', content: 'x' };

describe('hosts that give a task the same parameters', () => {
  test('share what it is bound to; others, and other items of its loop, do not', () => {
    const bindings = new Bindings(context);
    const first = bindings.bind(task, 0, params);
    expect(bindings.bind(task, 0, { ...params })).toBe(first);
    expect(bindings.bind(task, 1, params)).not.toBe(first);
    expect(bindings.bind({ ...task }, 0, params)).not.toBe(first);
    const other = bindings.bind(task, 0, { ...params, content: 'y' });
    expect(other.params).toMatchObject({ content: 'y' });
    expect(bindings.bind(task, 0, params).params).toMatchObject({ content: 'x' });
  });

  test('do not share what has its names in another order, in which a template goes through them', () => {
    const bindings = new Bindings(context);
    const opts = (...names: string[]) => ({ opts: Object.fromEntries(names.map((name) => [name, 1])) });
    const fact = { module: setFact } as Task;
    bindings.bind(fact, 0, opts('a', 'b'));
    const { opts: bound } = bindings.bind(fact, 0, opts('b', 'a')).params as ReturnType<typeof opts>;
    expect(Object.keys(bound)).toEqual(['b', 'a']);
  });

  test('share its changes where they are in the same state, and only there', () => {
    const bound = new Bindings(context).bind(task, 0, params);
    const stateOf =
      (...records: FactRecord[]) =>
      (need: Need<unknown>) =>
        need.kind === 'path' ? records : [];
    const missing = bound.diff(stateOf());
    expect(bound.diff(stateOf())).toBe(missing);
    const present = bound.diff(stateOf(['regular file', '600', 'root', 'root']));
    expect(present).toMatchObject({ changes: [{ action: 'update', mode: '600' }] });
    expect(bound.diff(stateOf(['regular file', '640', 'root', 'root']))).toMatchObject({
      changes: [{ mode: '640' }],
    });
    expect(bound.diff(stateOf())).toEqual(missing);
  });

  test('are told what is wrong each time', () => {
    const bindings = new Bindings(context);
    for (let host = 0; host < 2; host++)
      expect(() => bindings.bind(task, 0, { dest: 'f', content: 'x' })).toThrow('must be an absolute path');
  });
});
