import { isIPv6 } from 'node:net';
import { expandRanges, RangeError } from './ranges.ts';

/** The hosts that an entry of an inventory stands for, and the port that it gives them. */
export interface HostPattern {
  readonly names: readonly string[];
  readonly port: number | undefined;
}

// One part of a name; \w of Python's is any letter.
const range = String.raw`\[(?:[a-z]:[a-z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]`;
const label = String.raw`(?:[\p{L}\p{N}_]|${range})(?:[\p{L}\p{N}_-]|${range})*(?<![_-])`;
const hostName = new RegExp(String.raw`^${label}(?:\.${label})*$`, 'iu');
const octet = String.raw`(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2}|\[[0-9]+:[0-9]+(?::[0-9]+)?\])`;
const ipv4 = new RegExp(String.raw`^(?:${octet}\.){3}${octet}$`);
const hexRange = /\[[0-9a-f]+:[0-9a-f]+(?::[0-9]+)?\]/gi;

const bracketed = /^\[(.+)\]:([0-9]+)$/;
const withPort = /^((?:[^:[\]]|\[[^\]]*\])*):([0-9]+)$/;

/**
 * Reads a host entry as Ansible does: `web`, `web[1:3]`, `web:2222`, `[2001:db8::1]:22`. What is no address and no host
 * name, such as `user@web`, is a name as it stands. Returns what is wrong instead.
 */
export function parseHostPattern(text: string): HostPattern | string {
  const { host, port } = splitPort(text);
  if (port === undefined && text.endsWith(':') && !isAddress(text))
    return `"${text}" ends with a colon, which begins a port`;
  try {
    const names = expandRanges(host);
    const wrong = names.find((name) => !isName(name));
    return wrong === undefined ? { names, port } : `"${wrong}" is not a host name`;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

/** Whether patterns can name a host of this name. */
export function isName(name: string): boolean {
  return name !== '' && name !== '---' && !/[\s,!&*?~[\]]|^@/.test(name);
}

/** Only what is an address or a host name before the colon has a port. */
function splitPort(text: string): { host: string; port: number | undefined } {
  const [, host, port] = bracketed.exec(text) ?? withPort.exec(text) ?? [];
  return host !== undefined && isAddress(host)
    ? { host, port: Number(port) }
    : { host: text, port: undefined };
}

/** An address or a host name, ranges in them included. */
function isAddress(text: string): boolean {
  return hostName.test(text) || ipv4.test(text) || isIPv6(text.replace(hexRange, '0'));
}
