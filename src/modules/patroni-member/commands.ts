import { deleteIfRequest, refusalOf } from '../../clients/etcd.ts';
import type { HttpAnswer } from '../../clients/http.ts';
import { getRequest, isPrimaryRole, parseMember } from '../../clients/patroni/api.ts';
import { unitName } from '../../facts/unit.ts';
import { run, type HttpOperation, type Operation, type Progress } from '../../plan/operation.ts';
import { quote, quoteAll } from '../../shell/quote.ts';
import { showLastLines } from '../../shell/units.ts';
import { initdbFile, recordFile, type PatroniMemberChange } from './schema.ts';

/** What carries out one step. */
export function operationsOf(change: PatroniMemberChange): readonly Operation[] {
  switch (change.step) {
    case 'clear':
      return [clear(change)];
    case 'bootstrap':
      return [
        run(startBootstrap(change), { timeout: 120 }),
        awaitState(change, '/leader', isLeading),
        run(endBootstrap(change)),
      ];
    case 'join':
      return [
        run(`${makeRoom(change)}\n${start(change)}`, { timeout: 120 }),
        awaitState(change, '/patroni', isFollowing),
        run(recordNew(change)),
      ];
    case 'record':
      return [run(record(change))];
  }
}

function clear({ scope, etcd }: PatroniMemberChange): HttpOperation {
  return {
    kind: 'http',
    what: `forget the initialisation of ${scope}`,
    host: etcd.host,
    request: deleteIfRequest(etcd, `/service/${scope}/initialize`, ''),
    within: 10,
    progress: (answer) => (answer.answered && answer.status === 200 ? 'done' : { failed: refusalOf(answer) }),
  };
}

/**
 * Starts Patroni with the bootstrap section added to its configuration. The file keeps its final form aside, and
 * gets it back as soon as the cluster is there: without the section Patroni never runs initdb.
 */
function startBootstrap(change: PatroniMemberChange): string {
  const { config, unit, data_dir: dataDir, bootstrap } = change;
  const file = quote(config);
  return `f=${file}; t=$f.bootstrap
grep -q '^bootstrap:' "$f" || {
trap 'rm -f "$t"' EXIT
(umask 077; { cat "$f"; printf '\\nbootstrap: %s\\n' ${quote(bootstrap)}; } > "$t")
chown --reference="$f" "$t"; chmod --reference="$f" "$t"
cp -p "$f" "$f.final"
mv -f "$t" "$f"; trap - EXIT
# A Patroni that ends itself again and again may have read the file without the section, and would wait for ever.
[ -e ${quote(`${dataDir}/PG_VERSION`)} ] || systemctl stop ${quote(unit)}; }
${makeRoom(change)}
${start(change)}`;
}

/** Gives Patroni's user an empty data directory, which it cannot make for itself everywhere, and empty tablespaces. */
function makeRoom({ data_dir: dataDir, user, tablespaces = [] }: PatroniMemberChange): string {
  const leftovers =
    tablespaces.length === 0
      ? []
      : [
          `for d in ${quoteAll(tablespaces)}; do
[ -z "$(find "$d" -mindepth 1 -maxdepth 1 2>/dev/null | head -n 1)" ] || {
echo "$d is a place of a tablespace, and not empty: if nobody needs what is in it: mv $d $d.aside" >&2; exit 1; }
done`,
        ];
  return `u=${quote(user)}
set -- ${quoteAll([dataDir, ...tablespaces])}
[ -e "$1/PG_VERSION" ] || {
${[...leftovers, 'for d; do'].join('\n')}
runuser -u "$u" -- mkdir -p -m 700 -- "$d" 2>/dev/null || install -d -m 700 -o "$u" -g "$u" -- "$d"
[ "$(stat -L -c %U -- "$d")" = "$u" ] || { chown "$u:$u" -- "$d"; chmod 700 -- "$d"; }
done; }`;
}

function endBootstrap(change: PatroniMemberChange): string {
  const file = quote(change.config);
  return `f=${file}
[ ! -e "$f.final" ] || mv -f "$f.final" "$f"
${recordNew(change)}`;
}

function start({ unit }: PatroniMemberChange): string {
  const name = quote(unit);
  return `systemctl reset-failed ${name} 2>/dev/null || :
systemctl enable --quiet ${name}
since=$(date +%s)
systemctl start ${name}
[ "$(systemctl is-active ${name})" = active ] || {
echo 'Patroni does not start (a missing configuration file is skipped without a word); its last lines:' >&2
${showLastLines(unitName(unit))} >&2; exit 1; }`;
}

/** Notes the cluster's system identifier, as pg_control has it. */
function record({ data_dir: dataDir }: PatroniMemberChange): string {
  return `id=$(od -An -tu8 -N8 ${quote(`${dataDir}/global/pg_control`)} | tr -d ' ')
[ -n "$id" ]
install -d -m 700 /var/lib/drover /var/lib/drover/cluster
printf '%s\\n' "$id" > ${recordFile}.new
mv -f ${recordFile}.new ${recordFile}`;
}

/** The same of a member that has just been made, with what initdb was given. */
function recordNew(change: PatroniMemberChange): string {
  return `${record(change)}
printf '%s\\n' ${quote(change.initdb)} > ${initdbFile}`;
}

/** Waits for what Patroni says of itself. */
function awaitState(
  change: PatroniMemberChange,
  path: string,
  judge: (answer: HttpAnswer) => Progress,
): HttpOperation {
  return {
    kind: 'http',
    what: `Patroni on ${change.name}`,
    request: getRequest({ address: change.address, port: change.rest_port }, path),
    within: change.timeout,
    progress: judge,
    watch: { unit: change.unit, logs: `${change.data_dir}/log` },
  };
}

/** With the lock: before it takes that it may still give the new cluster up, and put its data away. */
function isLeading(answer: HttpAnswer): Progress {
  const member = parseMember(answer);
  if (!member) return { waiting: answer.answered ? `answers ${answer.status}` : 'does not answer yet' };
  if (member.state.includes('failed')) return { failed: `${member.state}: see journalctl -u patroni` };
  return answer.answered && answer.status === 200 && isPrimaryRole(member.role) && member.state === 'running'
    ? 'done'
    : { waiting: `${member.role}, ${member.state}` };
}

function isFollowing(answer: HttpAnswer): Progress {
  const member = parseMember(answer);
  if (!member) return { waiting: answer.answered ? `answers ${answer.status}` : 'does not answer yet' };
  return member.state === 'running' ? 'done' : { waiting: `${member.role}, ${member.state}` };
}
