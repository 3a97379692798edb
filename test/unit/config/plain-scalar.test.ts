import { describe, expect, test } from 'vitest';
import { resolvePlain } from '../../../src/config/plain-scalar.ts';

describe('plain scalars are read as PyYAML reads them', () => {
  test.each([
    ['', null],
    ['~', null],
    ['Null', null],
    ['nULL', 'nULL'],
    ['yes', true],
    ['On', true],
    ['FALSE', false],
    ['off', false],
    ['oN', 'oN'],
    ['y', 'y'],
    ['n', 'n'],
    ['0', 0],
    ['-12', -12],
    ['+5', 5],
    ['1_000', 1000],
    ['0640', 416],
    ['-010', -8],
    ['0x1F', 31],
    ['0b101', 5],
    ['08', '08'],
    ['0o17', '0o17'],
    ['1.10', 1.1],
    ['1.', 1],
    ['.5', 0.5],
    ['-.5', '-.5'],
    ['1e3', '1e3'],
    ['1.0e3', '1.0e3'],
    ['1.5e+3', 1500],
    ['1:30', 90],
    ['190:20:30', 685230],
    ['1:60', '1:60'],
    ['.inf', Infinity],
    ['-.INF', -Infinity],
    ['9007199254740993', '9007199254740993'],
    ['2026-11-21', '2026-11-21'],
    ['node1', 'node1'],
    ['10.104.0.7', '10.104.0.7'],
  ])('%j is %j', (text, value) => {
    expect(resolvePlain(text)).toBe(value);
  });

  test('.nan is not a number', () => {
    expect(resolvePlain('.nan')).toBeNaN();
  });
});
