import { existsSync } from 'node:fs';
import { run } from './shell.ts';

/** Where forwarding is switched, and what is known of who needs it. */
interface ForwardingPlaces {
  readonly switch: string;
  /** Holds what forwarding was before the first lab, and the bridges there were. */
  readonly record: string;
  /** A folder that labs lock while they look and decide. */
  readonly lock: string;
  /** Prints the bridges, a line each, as ip-link(8) does. */
  readonly bridges: string;
}

const here: ForwardingPlaces = {
  switch: '/proc/sys/net/ipv4/ip_forward',
  record: '/run/drover/lab/ip_forward.before',
  lock: '/run/drover/lab',
  bridges: 'ip -o link show type bridge',
};

/** Has the kernel forward packets. The lab's bridge has to be there: by it other labs see that this one needs it. */
export async function raiseForwarding(places = here): Promise<void> {
  await locked(places, `[ -e "$2" ] || { cat "$1"; bridges | sed '/^drover-/d'; } >"$2"\necho 1 >"$1"`);
}

/** Puts back what was there before the first lab, once no lab's bridge is left, nor another one that has come since. */
export async function lowerForwarding(places = here): Promise<void> {
  // flock(1) would make a file of it.
  if (!existsSync(places.lock)) return;
  await locked(
    places,
    `[ -e "$2" ] || exit 0
came=$(bridges | grep -vxF "$(sed 1d "$2")") || :
! echo "$came" | grep -q '^drover-' || exit 0
[ -n "$came" ] || head -n 1 "$2" >"$1"
rm "$2"`,
  );
}

async function locked(places: ForwardingPlaces, script: string): Promise<void> {
  const bridges = `bridges() { ${places.bridges} | sed 's/^[0-9]*: \\([^:@]*\\)[:@].*/\\1/'; }`;
  const words = ['sh', '-ec', `${bridges}\n${script}`, 'sh', places.switch, places.record];
  await run('flock', [places.lock, ...words]);
}
