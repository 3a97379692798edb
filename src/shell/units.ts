import { quote } from './quote.ts';

/** Calls systemctl; a failure shows the unit's last lines. Seconds. */
export function callSystemctl(verb: string, unit: string, timeout: number): string {
  return `since=$(date +%s)
timeout ${timeout} systemctl ${verb} -- ${quote(unit)} || {
echo "systemctl ${verb} ${unit} failed; its last lines:" >&2
${showLastLines(unit)} >&2; exit 1; }`;
}

/** Without it, a unit that failed too often in a row would not be started again. */
export function forgetFailures(unit: string): string {
  return `systemctl reset-failed -- ${quote(unit)} 2>/dev/null || :`;
}

/**
 * After systemctl was called: waits until the unit has settled. One of type simple counts as started before its
 * program has read its configuration: it has settled when it has been active for a second without a restart. All other
 * types report when they are ready.
 */
export function awaitSettled(unit: string): string {
  return `property() { systemctl show -p "$1" --value -- ${quote(unit)}; }
case $(property Type) in simple|exec|idle)
before=$(property NRestarts); i=0
while [ "$i" -lt 10 ] && [ "$(property ActiveState)" = active ] && [ "$(property NRestarts)" = "$before" ]; do i=$((i + 1)); sleep 0.1; done
[ "$i" -eq 10 ] ;; esac && [ "$(property ActiveState)" = active ] || {
${complain(unit)}; exit 1; }`;
}

/** After systemctl was called: waits until the program listens, or does not stay up; at most so many seconds. */
export function awaitListening(unit: string, port: number, seconds: number): string {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return `property() { systemctl show -p "$1" --value -- ${quote(unit)}; }
before=$(property NRestarts); i=0
until grep -qs ':${hex} [0-9A-F]*:0000 0A' /proc/net/tcp /proc/net/tcp6 || [ "$i" -ge ${seconds * 5} ]; do
[ "$(property ActiveState)" = active ] && [ "$(property NRestarts)" = "$before" ] || {
${complain(unit)}; exit 1; }
i=$((i + 1)); sleep 0.2
done`;
}

function complain(unit: string): string {
  return `echo "it does not stay up: $(property ActiveState)/$(property SubState), $(property Result); its last lines:" >&2
${showLastLines(unit)} >&2`;
}

/**
 * What systemd says about the unit and, last, where it is not overlooked, the program's own output since its last start,
 * which was after `$since`. Output from just before its end may still be on its way to the journal, and `--sync` does not
 * wait for it (systemd#32539).
 */
export function showLastLines(unit: string): string {
  return `{ journalctl --sync; begun=$(systemctl show --timestamp=us+utc -p ExecMainStartTimestamp --value -- ${quote(unit)})
began() { [ "$(date -d "$begun" +%s)" -ge "$since" ]; }
own() { ! began || journalctl _SYSTEMD_UNIT=${quote(unit)} --since "$begun" -n 3 --no-pager -q -o cat; }
i=0; while [ "$i" -lt 20 ] && began && [ -z "$(own)" ]; do i=$((i + 1)); sleep 0.1; done
journalctl -u ${quote(unit)} -n 15 --no-pager -o cat; own; }`;
}
