import { restartRecordFolder } from '../../facts/unit.ts';
import { quote } from '../../shell/quote.ts';
import { awaitSettled, callSystemctl, forgetFailures } from '../../shell/units.ts';
import type { ServiceChange } from './schema.ts';
import { filesOf, inputsDigestScript, isPackageInput } from './inputs.ts';

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
      return [
        digests(change),
        // A newer package may bring another unit.
        ...(change.restart_on.some(isPackageInput) ? ['systemctl daemon-reload'] : []),
        forgetFailures(change.unit),
        systemctl(change.action, change),
        awaitSettled(change.unit),
        note(change, false),
      ].join('\n');
  }
}

function systemctl(verb: string, { unit, timeout }: ServiceChange): string {
  return callSystemctl(verb, unit, timeout);
}

/** The inputs' digests as they are before the unit reads them. */
function digests({ restart_on, reload_on }: ServiceChange): string {
  if (restart_on.length + reload_on.length === 0) return ':';
  return `read_at=$(date +%s.%N)
restart=$(${inputsDigestScript(filesOf(restart_on))})\nreload=$(${inputsDigestScript(filesOf(reload_on))})`;
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
