import type { Duplex } from 'node:stream';

/** Opens a connection from a host to an address it can reach; the SSH tunnel in real life. */
export type OpenStream = (address: string, port: number) => Promise<Duplex>;
