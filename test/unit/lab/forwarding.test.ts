import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lowerForwarding, raiseForwarding } from '../../../src/lab/forwarding.ts';
import { folderOf } from '../support.ts';

function machine(forwards: string, ...others: string[]) {
  const folder = folderOf({ switch: `${forwards}\n`, bridges: '' });
  const places = {
    switch: join(folder, 'switch'),
    record: join(folder, 'record'),
    lock: folder,
    bridges: `cat ${join(folder, 'bridges')}`,
  };
  const plug = (...names: string[]) => {
    const lines = names.map((name, index) => `${index + 3}: ${name}: <BROADCAST,UP> mtu 1500 qdisc noqueue`);
    writeFileSync(join(folder, 'bridges'), lines.map((line) => `${line}\n`).join(''));
  };
  plug(...others);
  return { places, plug, forwards: () => readFileSync(places.switch, 'utf8').trim() };
}

describe('forwarding', () => {
  test.each(['0', '1'])('is %s again once the last lab is down', async (before) => {
    const { places, plug, forwards } = machine(before, 'virbr0');
    plug('virbr0', 'drover-a');
    await raiseForwarding(places);
    plug('virbr0', 'drover-a', 'drover-b');
    await raiseForwarding(places);
    expect(forwards()).toBe('1');
    plug('virbr0', 'drover-b');
    await lowerForwarding(places);
    expect(forwards()).toBe('1');
    plug('virbr0');
    await lowerForwarding(places);
    expect(forwards()).toBe(before);
    expect(existsSync(places.record)).toBe(false);
  });

  test('stays on for bridges that other programs have made meanwhile', async () => {
    const { places, plug, forwards } = machine('0');
    plug('drover-a');
    await raiseForwarding(places);
    plug('docker0');
    await lowerForwarding(places);
    expect(forwards()).toBe('1');
    expect(existsSync(places.record)).toBe(false);
  });

  test('is turned on again where something has turned it off under a lab', async () => {
    const { places, plug, forwards } = machine('0');
    plug('drover-a');
    await raiseForwarding(places);
    writeFileSync(places.switch, '0\n');
    plug('drover-a', 'drover-b');
    await raiseForwarding(places);
    expect(forwards()).toBe('1');
  });

  test('is left alone by a lab that never came up', async () => {
    const { places, forwards } = machine('1');
    await lowerForwarding(places);
    const lock = join(places.lock, 'nowhere');
    await lowerForwarding({ ...places, lock });
    expect(existsSync(lock)).toBe(false);
    expect(forwards()).toBe('1');
  });
});
