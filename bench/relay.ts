import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP relay to a host that behaves as if the host were far away. */
export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #trips = 0;

  private constructor(to: { host: string; port: number }, roundTrip: number) {
    this.#server = createServer({ noDelay: true }, (client) => this.#relay(client, to, roundTrip));
  }

  /** Listens on a port of this machine, with 0 on a free one; `roundTrip` in milliseconds. */
  static async open(port: number, to: { host: string; port: number }, roundTrip: number): Promise<Relay> {
    const relay = new Relay(to, roundTrip);
    relay.#server.listen(port, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How often the client waited for the host since it was last asked, the opening of TCP included. */
  takeTrips(): number {
    const trips = this.#trips;
    this.#trips = 0;
    return trips;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #relay(client: Socket, to: { host: string; port: number }, roundTrip: number): void {
    this.#trips++;
    const host = connect({ ...to, noDelay: true, allowHalfOpen: true });
    // The opening of TCP is over for the host after one round trip and a half; what it says is half a one under way.
    const opened = performance.now() + 1.5 * roundTrip;
    const forward = (from: Socket, into: Socket, earliest: number, delivered: () => void) => {
      const later = inOrder(() => Math.max(performance.now() + roundTrip / 2, earliest));
      this.#sockets.add(from);
      from.on('data', (chunk) =>
        later(() => {
          delivered();
          if (!into.destroyed) into.write(chunk);
        }),
      );
      from.on('end', () => later(() => into.end()));
      from.on('error', () => into.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        later(() => into.destroy());
      });
    };
    let answered = false;
    client.on('data', () => {
      if (answered) this.#trips++;
      answered = false;
    });
    forward(client, host, opened, () => undefined);
    forward(host, client, opened + roundTrip / 2, () => (answered = true));
  }
}

/** Does things later, when `due` says, in the order they were asked for: timers alone do not keep it. */
function inOrder(due: () => number): (act: () => void) => void {
  const queue: { readonly act: () => void; readonly at: number }[] = [];
  const work = () => {
    for (;;) {
      const [next] = queue;
      if (!next) return;
      const wait = next.at - performance.now();
      if (wait > 0) {
        setTimeout(work, wait);
        return;
      }
      queue.shift();
      next.act();
    }
  };
  return (act) => {
    queue.push({ act, at: due() });
    if (queue.length === 1) setTimeout(work, due() - performance.now());
  };
}
