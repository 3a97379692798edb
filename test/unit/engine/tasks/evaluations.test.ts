import { describe, expect, test } from 'vitest';
import type { RunVariables } from '../../../../src/config/host-variables.ts';
import { Evaluations } from '../../../../src/engine/tasks/evaluations.ts';
import { NotYetKnown, type Variable } from '../../../../src/vars/scope.ts';
import type { Value } from '../../../../src/vars/value.ts';

/** Evaluates as often as asked, and tells how often that was work. */
function setUp(look: (variables: RunVariables) => unknown) {
  const registered = new Map<string, Variable>();
  const secrets = new Map<string, Variable>();
  const state = { registered, secrets, facts: undefined as Value | undefined, worked: 0 };
  const evaluations = new Evaluations<unknown>();
  const variables = evaluations.watch({
    facts: () => {
      if (state.facts === undefined) throw new NotYetKnown('not collected');
      return state.facts;
    },
    registered,
    secrets,
  });
  const evaluate = (key = 'task') =>
    evaluations.recall(key, () => {
      state.worked++;
      return look(variables);
    });
  return { state, evaluate };
}

describe('what a task came to', () => {
  test('is known the next time, for each task and host', () => {
    const { state, evaluate } = setUp(() => 'x');
    expect([evaluate(), evaluate(), evaluate('other'), evaluate()]).toEqual(['x', 'x', 'x', 'x']);
    expect(state.worked).toBe(2);
  });

  test('is another after a variable that it looked up, or in vain, is', () => {
    const { state, evaluate } = setUp(({ registered }) => registered.get('r'));
    const values: unknown[] = [evaluate(), evaluate()];
    state.registered.set('other', { value: 0 });
    values.push(evaluate());
    expect(state.worked).toBe(1);
    state.registered.set('r', { value: 1 });
    values.push(evaluate(), evaluate());
    expect(state.worked).toBe(2);
    state.registered.set('r', { value: 1 });
    values.push(evaluate());
    expect(state.worked).toBe(3);
    state.registered.delete('r');
    values.push(evaluate());
    expect(values).toEqual([
      undefined,
      undefined,
      undefined,
      { value: 1 },
      { value: 1 },
      { value: 1 },
      undefined,
    ]);
  });

  test('is looked for again while facts are not there, or are others', () => {
    const { state, evaluate } = setUp((variables) => {
      try {
        return variables.facts();
      } catch {
        return 'none';
      }
    });
    expect([evaluate(), evaluate()]).toEqual(['none', 'none']);
    state.facts = { id: 'debian' };
    expect([evaluate(), evaluate()]).toEqual([state.facts, state.facts]);
    expect(state.worked).toBe(3);
    state.facts = { id: 'ubuntu' };
    expect(evaluate()).toEqual({ id: 'ubuntu' });
  });

  test('is never kept when it listed all names, or was not to be had', () => {
    const listing = setUp(({ secrets }) => [...secrets.keys()]);
    listing.state.secrets.set('password', { value: 'x' });
    expect([listing.evaluate(), listing.evaluate()]).toEqual([['password'], ['password']]);
    expect(listing.state.worked).toBe(2);
    const failing = setUp((variables) => variables.facts());
    expect(() => failing.evaluate()).toThrow(NotYetKnown);
    failing.state.facts = 'there';
    expect(failing.evaluate()).toBe('there');
  });
});
