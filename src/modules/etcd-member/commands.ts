import {
  healthRequest,
  isHealthy,
  memberAddRequest,
  memberPromoteRequest,
  memberRemoveRequest,
  refusalOf,
} from '../../clients/etcd.ts';
import type { HttpAnswer, HttpRequest } from '../../clients/http.ts';
import { unitName } from '../../facts/unit.ts';
import { run, type HttpOperation, type Operation, type Progress } from '../../plan/operation.ts';
import { quote } from '../../shell/quote.ts';
import { showLastLines } from '../../shell/units.ts';
import { bootstrapping } from './diff.ts';
import { recordFile, type EtcdMemberChange } from './schema.ts';

/** What carries out one step. */
export function operationsOf(change: EtcdMemberChange): readonly Operation[] {
  const { step, via, client_port: port, peer_url: peerUrl, member_id: id } = change;
  const voter = { address: via.address, port };
  switch (step) {
    case 'bootstrap':
      return [
        run(`${record(bootstrapping)}\n${start(change, 'new')}`, limit(change)),
        healthy(change),
        run(recordCluster(change)),
      ];
    case 'remove':
      return [
        askVoter(change, 'remove the member', memberRemoveRequest(voter, id)),
        run(`systemctl stop ${quote(change.unit)}`),
      ];
    case 'add':
      return [askVoter(change, 'add the member', memberAddRequest(voter, peerUrl))];
    case 'join':
      return [run(`${record(change.cluster_id)}\n${start(change, 'existing')}`, limit(change))];
    case 'promote':
      return [
        askVoter(change, 'promote the member', memberPromoteRequest(voter, id)),
        healthy(change),
        run(record(change.cluster_id)),
      ];
    case 'record':
      return [run(record(change.cluster_id))];
  }
}

function limit({ timeout }: EtcdMemberChange): { timeout: number } {
  return { timeout: timeout + 30 };
}

/**
 * Asks a voter to change the membership, until it does: it refuses while it has not been connected to every other
 * voter for 5 s, and while a learner has not caught up.
 */
function askVoter(change: EtcdMemberChange, what: string, request: HttpRequest): HttpOperation {
  return {
    kind: 'http',
    what: `${what} ${change.name}`,
    host: change.via.host,
    request,
    within: change.timeout,
    progress: (answer): Progress => {
      if (!answer.answered) return { failed: answer.reason };
      return answer.status === 200 ? 'done' : { waiting: refusalOf(answer) };
    },
  };
}

function healthy({ name, address, client_port: port, timeout }: EtcdMemberChange): HttpOperation {
  return {
    kind: 'http',
    what: `health of ${name}`,
    request: healthRequest({ address, port }),
    within: timeout,
    progress: (answer: HttpAnswer): Progress => (isHealthy(answer) ? 'done' : { waiting: refusalOf(answer) }),
  };
}

/**
 * Starts the member with the membership it is to begin with. That stands in a drop-in under /run for this one
 * start: once there is a WAL etcd never looks at it again, and the files in /etc hold the final form all along.
 */
function start(change: EtcdMemberChange, state: 'new' | 'existing'): string {
  const { unit, user, data_dir: dataDir, initial_cluster: cluster, timeout } = change;
  const dropin = `/run/systemd/system/${unit}.service.d`;
  return `install -d -m 700 /run/drover
printf '%s\\n' ${quote(`ETCD_INITIAL_CLUSTER=${cluster}`)} ETCD_INITIAL_CLUSTER_STATE=${state} > /run/drover/${unit}.start
mkdir -p ${dropin}
printf '[Service]\\nEnvironmentFile=/run/drover/${unit}.start\\n' > ${dropin}/zz-drover-start.conf
trap 'rm -f ${dropin}/zz-drover-start.conf /run/drover/${unit}.start; systemctl daemon-reload' EXIT
[ -d ${quote(dataDir)} ] || install -d -m 700 -o ${quote(user)} -g ${quote(user)} -- ${quote(dataDir)}
systemctl daemon-reload
systemctl reset-failed ${quote(unit)} 2>/dev/null || :
since=$(date +%s)
timeout ${timeout} systemctl restart ${quote(unit)} || {
echo 'etcd does not start; its last lines:' >&2
${showLastLines(unitName(unit))} >&2; exit 1; }`;
}

function record(text: string): string {
  return `install -d -m 700 /var/lib/drover /var/lib/drover/cluster
printf '%s\\n' ${quote(text)} > ${recordFile}.new
mv -f ${recordFile}.new ${recordFile}`;
}

/** Notes the id that the new cluster gave itself. */
function recordCluster({ address, client_port: port }: EtcdMemberChange): string {
  return `id=$(ETCDCTL_API=3 etcdctl --endpoints=http://${address}:${port} member list -w json | sed -n 's/.*"cluster_id":\\([0-9]*\\).*/\\1/p')
[ -n "$id" ]
printf '%s\\n' "$id" > ${recordFile}.new
mv -f ${recordFile}.new ${recordFile}`;
}
