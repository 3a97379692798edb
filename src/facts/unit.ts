import { quote, quoteAll } from '../shell/quote.ts';
import { checkKey, decodeBase64, type Collector, type FactKind, type FactRecord, type Need } from './need.ts';

/** A systemd unit, as `systemctl show` has it. */
export interface UnitFact {
  /** `loaded`, `not-found`, `masked`, … */
  readonly load: string;
  /** `active`, `inactive`, `failed`, `activating`, … */
  readonly active: string;
  /** `enabled`, `disabled`, `static`, … ; empty for a unit that has no file. */
  readonly enabled: string;
  readonly result: string;
  /** Changes with every start. */
  readonly invocation: string;
  /** When its main process was started, in seconds since 1970; 0 when it has none. What is newer it has not read. */
  readonly startedAt: number;
  /** The last lines of one that has failed. */
  readonly said: string;
}

const properties = [
  'LoadState',
  'ActiveState',
  'UnitFileState',
  'Result',
  'InvocationID',
  'ExecMainStartTimestamp',
];

const staleness = 'NeedDaemonReload';

/** The unit's full name: `etcd` is `etcd.service`. */
export function unitName(name: string): string {
  return /\.(service|socket|timer|target|mount|path)$/.test(name) ? name : `${name}.service`;
}

/** A systemd unit; undefined when systemd does not answer. */
export function needUnit(name: string): Need<UnitFact | undefined> {
  return { kind: 'unit', key: checkKey(unitName(name)), parse: parseUnit };
}

function parseUnit(records: readonly FactRecord[]): UnitFact | undefined {
  const [record] = records;
  if (!record) return undefined;
  const values = new Map(
    record.map((field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)]),
  );
  const value = (name: string) => values.get(name) ?? '';
  return {
    load: value('LoadState'),
    active: value('ActiveState'),
    enabled: value('UnitFileState'),
    result: value('Result'),
    invocation: value('InvocationID'),
    startedAt: parseTimestamp(value('ExecMainStartTimestamp')),
    said: decodeBase64(value('Said')),
  };
}

/** `Sat 2026-11-21 09:33:01.123456 UTC` in seconds. Date would drop the microseconds. */
function parseTimestamp(text: string): number {
  const match = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)? UTC/.exec(text);
  if (!match) return 0;
  return Date.parse(`${match[1] ?? ''}T${match[2] ?? ''}Z`) / 1000 + Number(match[3] ?? 0);
}

/** Whether a unit runs: less than `needUnit`, and so known ahead where that is not. */
export function needActive(unit: string): Need<boolean> {
  return { kind: 'active', key: checkKey(unitName(unit)), parse: (records) => records[0]?.[0] === 'active' };
}

/** Whether a unit's files have changed since systemd read them. */
export function needDaemonReload(unit: string): Need<boolean> {
  return {
    kind: 'daemon-reload',
    key: checkKey(unitName(unit)),
    parse: (records) => records[0]?.[0] === 'yes',
  };
}

export const unitCollector: Collector = {
  kinds: ['unit', 'active', 'daemon-reload'],
  // Answers come in the order of the question, each ended by an empty line; an alias answers with its unit's Id.
  script(needs) {
    const put = (kind: FactKind, format: string, value: string) => {
      const units = needs.filter((need) => need.kind === kind).map((need) => quote(need.key));
      return units.length === 0
        ? []
        : [`case $1 in ${units.join('|')}) printf '${kind}\\t%s${format}\\n' "$1" ${value} ;; esac`];
    };
    return `set -- ${quoteAll([...new Set(needs.map((need) => need.key))])}
put() {
[ "$a" != failed ] || f="$f	Said=$(journalctl -u "$1" -n 12 -o cat --no-pager -q 2>/dev/null | tail -c 1500 | base64 -w0)"
${[...put('unit', '%s', '"$f"'), ...put('active', '\\t%s', '"$a"'), ...put('daemon-reload', '\\t%s', '"$r"')].join('\n')}
}
{ systemctl show --timestamp=us+utc -p ${[...properties, staleness].join(',')} -- "$@" 2>/dev/null; [ $? -le 127 ] || echo !; } | {
f=
while IFS= read -r l; do
case $l in
!) exit 9 ;;
'') put "$1"; shift; f= ;;
${staleness}=*) r=\${l#*=} ;;
ActiveState=*) a=\${l#*=}; f="$f	$l" ;;
*) f="$f	$l" ;;
esac
done
[ -z "$f" ] || put "$1"
} || exit 9`;
  },
};

/** What was in force when drover last started, restarted or reloaded a unit. */
export interface RestartRecord {
  readonly invocation: string;
  /** Digest of the restart inputs. */
  readonly restart: string;
  /** Digest of the reload inputs. */
  readonly reload: string;
  /** When they were last read, in seconds since 1970. */
  readonly readAt: number;
}

/** Where drover notes what a unit was last started with. */
export const restartRecordFolder = '/var/lib/drover/units';

/** undefined when drover never started the unit, or does not watch inputs for it. */
export function needRestartRecord(unit: string): Need<RestartRecord | undefined> {
  return {
    kind: 'restart-record',
    key: checkKey(unitName(unit)),
    parse(records) {
      const [invocation, restart, reload, readAt] = records[0]?.[0]?.split(' ') ?? [];
      if (invocation === undefined || restart === undefined || reload === undefined) return undefined;
      return { invocation, restart, reload, readAt: Number(readAt ?? 0) };
    },
  };
}

export const restartRecordCollector: Collector = {
  kinds: ['restart-record'],
  script: (needs) => `for u in ${quoteAll(needs.map((need) => need.key))}; do
[ -f "${restartRecordFolder}/$u" ] && IFS= read -r l < "${restartRecordFolder}/$u" && printf 'restart-record\\t%s\\t%s\\n' "$u" "$l"
done`,
};

/** All that is known of a unit, and not any more once it has been started. */
export function factsOfUnit(name: string): Need<unknown>[] {
  return [needUnit(name), needActive(name), needRestartRecord(name)];
}
