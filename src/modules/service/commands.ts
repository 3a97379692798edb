import { restartRecordFolder } from '../../facts/unit.ts';
import { quote } from '../../shell/quote.ts';
import type { ServiceChange } from './schema.ts';
import { inputsDigestScript } from './inputs.ts';

/** The script of one change of a unit. */
export function unitScript(change: ServiceChange): string {
  const unit = quote(change.unit);
  switch (change.action) {
    case 'enable':
    case 'disable':
      return `systemctl ${change.action} --quiet -- ${unit}`;
    case 'stop':
      return `${systemctl('stop', change)}\n[ "$(systemctl is-active -- ${unit})" != active ]`;
    case 'reload':
      if (change.resource === 'systemd') return 'systemctl daemon-reload';
      return [digests(change), systemctl('reload', change), note(change, true)].join('\n');
    default:
      return [digests(change), systemctl(change.action, change), settle(unit), note(change, false)].join(
        '\n',
      );
  }
}

function systemctl(verb: string, { unit, timeout }: ServiceChange): string {
  return `timeout ${timeout} systemctl ${verb} -- ${quote(unit)} || {
echo "systemctl ${verb} ${unit} failed; its last lines:" >&2
journalctl -u ${quote(unit)} -n 15 --no-pager -o cat >&2; exit 1; }`;
}

/** The inputs' digests as they are before the unit reads them. */
function digests({ restart_on, reload_on }: ServiceChange): string {
  if (restart_on.length + reload_on.length === 0) return ':';
  return `read_at=$(date +%s.%N)
restart=$(${inputsDigestScript(restart_on)})\nreload=$(${inputsDigestScript(reload_on)})`;
}

/**
 * A unit of type simple counts as started before its program has read its configuration: it has settled when it
 * has been active for a second without a restart. All other types report when they are ready.
 */
function settle(unit: string): string {
  return `property() { systemctl show -p "$1" --value -- ${unit}; }
case $(property Type) in simple|exec|idle)
before=$(property NRestarts); i=0
while [ "$i" -lt 10 ] && [ "$(property ActiveState)" = active ] && [ "$(property NRestarts)" = "$before" ]; do i=$((i + 1)); sleep 0.1; done
[ "$i" -eq 10 ] ;; esac && [ "$(property ActiveState)" = active ] || {
echo "it does not stay up: $(property ActiveState)/$(property SubState), $(property Result); its last lines:" >&2
journalctl -u ${unit} -n 15 --no-pager -o cat >&2; exit 1; }`;
}

/** Notes what the unit now runs with. A reload leaves what was noted of its start. */
function note({ unit, restart_on, reload_on }: ServiceChange, reloaded: boolean): string {
  if (restart_on.length + reload_on.length === 0) return ':';
  const record = quote(`${restartRecordFolder}/${unit}`);
  const former = reloaded
    ? `r=; [ ! -r ${record} ] || read -r i r l t < ${record}\n[ "\${i-}" != "$invocation" ] || [ -z "$r" ] || restart=$r\n`
    : '';
  return `invocation=$(systemctl show -p InvocationID --value -- ${quote(unit)})
${former}install -d -m 700 /var/lib/drover ${restartRecordFolder}
printf '%s %s %s %s\\n' "$invocation" "$restart" "$reload" "$read_at" > ${record}.new
mv -f ${record}.new ${record}`;
}
