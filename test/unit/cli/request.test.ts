import { expect, onTestFinished, test } from 'vitest';
import { interruptSignal } from '../../../src/cli/request.ts';

test('a signal that many hosts wait for at once is warned of by nobody', async () => {
  const before = process.listeners('SIGINT').concat(process.listeners('SIGTERM'));
  const warnings: string[] = [];
  const hear = ({ name }: Error) => void warnings.push(name);
  process.on('warning', hear);
  onTestFinished(() => {
    process.off('warning', hear);
    for (const name of ['SIGINT', 'SIGTERM'] as const)
      for (const listener of process.listeners(name))
        if (!before.includes(listener)) process.off(name, listener);
  });
  const signal = interruptSignal();
  for (let host = 0; host < 40; host++) signal.addEventListener('abort', () => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toEqual([]);
});
