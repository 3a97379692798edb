import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Relay } from '../../../bench/relay.ts';

const roundTrip = 60;

test('Relay keeps the order of what it delays, and counts the waits', async () => {
  const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  onTestFinished(() => void echo.close());
  const to = { host: '127.0.0.1', port: (echo.address() as AddressInfo).port };
  const relay = await Relay.open(47_111, to, roundTrip);
  onTestFinished(() => relay.close());

  const client = connect({ host: '127.0.0.1', port: 47_111, noDelay: true });
  client.setEncoding('latin1');
  let received = '';
  client.on('data', (text: string) => (received += text));
  const exchange = async (text: string) => {
    const wanted = received + text;
    const start = performance.now();
    for (const letter of text) {
      client.write(letter);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    while (received.length < wanted.length) await once(client, 'data');
    expect(received).toBe(wanted);
    return performance.now() - start;
  };
  // Two for opening TCP and the first answer, and one for each exchange after it.
  expect(await exchange('abcdefgh')).toBeGreaterThanOrEqual(2 * roundTrip - 5);
  expect(await exchange('ijkl')).toBeGreaterThanOrEqual(roundTrip - 5);
  expect(relay.takeTrips()).toBe(2);
  client.destroy();
});
