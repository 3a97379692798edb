import { expect, test } from 'vitest';
import { rememberLast } from '../../../src/core/memo.ts';

test('the last results are given again for the same items, and no others', () => {
  const worked: string[] = [];
  const join = rememberLast((items: readonly { readonly name: string }[]) => {
    const text = items.map(({ name }) => name).join();
    worked.push(text);
    return text;
  }, 2);
  const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ name }));
  if (!a || !b || !c) throw new Error('there are three');
  expect([join([a, b]), join([a, b]), join([b, a]), join([a, b])]).toEqual(['a,b', 'a,b', 'b,a', 'a,b']);
  expect(worked).toEqual(['a,b', 'b,a']);
  expect([join([a]), join([a, b])]).toEqual(['a', 'a,b']);
  expect(worked, 'the oldest is forgotten').toEqual(['a,b', 'b,a', 'a', 'a,b']);
  expect([join([{ name: 'a' }]), join([]), join([])]).toEqual(['a', '', '']);
  expect(worked.slice(4)).toEqual(['a', '']);
});
