import { describe, expect, test } from 'vitest';
import { changed, changeActions, inSync, refused, silent } from '../../../src/plan/change.ts';
import { modules } from '../../../src/modules/registry.ts';

describe('verdicts', () => {
  test('no change is in sync', () => {
    expect(changed()).toEqual(inSync());
    expect(changed({ action: 'set', resource: 'x' })).toEqual({
      state: 'changes',
      changes: [{ action: 'set', resource: 'x' }],
    });
  });

  test('say what stands against them', () => {
    expect(refused('because', 'do')).toEqual({ state: 'refused', reason: 'because', hint: 'do' });
    expect(silent('nobody there')).toEqual({ state: 'silent', reason: 'nobody there' });
    expect(inSync({ a: 1 })).toEqual({ state: 'in-sync', result: { a: 1 } });
  });
});

test('no module takes anything for one of its changes', () => {
  for (const module of modules.values()) {
    expect(() => module.change.parse({ action: 'explode', resource: 'x' }), module.name).toThrow();
    expect(() => module.change.parse({ action: changeActions[0] }), module.name).toThrow();
  }
});
