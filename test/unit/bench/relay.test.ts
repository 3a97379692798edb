import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Relay } from '../../../bench/relay.ts';

const roundTrip = 60;

/** A client of an echo behind a relay. */
async function connected() {
  const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  onTestFinished(() => void echo.close());
  const to = { host: '127.0.0.1', port: (echo.address() as AddressInfo).port };
  const relay = await Relay.open(0, to, roundTrip);
  onTestFinished(() => relay.close());

  const client = connect({ host: '127.0.0.1', port: relay.port, noDelay: true });
  client.setEncoding('latin1');
  onTestFinished(() => void client.destroy());
  let received = '';
  client.on('data', (text: string) => (received += text));
  const exchange = async (...texts: readonly string[]) => {
    const wanted = received + texts.join('');
    const start = performance.now();
    for (const text of texts) {
      client.write(text);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    while (received.length < wanted.length) await once(client, 'data');
    expect(received).toBe(wanted);
    return performance.now() - start;
  };
  return { relay, exchange };
}

test('Relay keeps the order of what it delays', async () => {
  const { exchange } = await connected();
  // Two for opening TCP and the first answer, and one for each exchange after it.
  expect(await exchange('a', 'b', 'c', 'd', 'e', 'f')).toBeGreaterThanOrEqual(2 * roundTrip - 5);
  expect(await exchange('i', 'j', 'k')).toBeGreaterThanOrEqual(roundTrip - 5);
});

test('Relay counts the waits', async () => {
  const { relay, exchange } = await connected();
  // In one piece each: a client that is held up between two pieces would wait for an answer to the first.
  await exchange('abcdefgh');
  await exchange('ijkl');
  expect(relay.takeTrips()).toBe(2);
});
