import { statusRequest } from '../clients/etcd.ts';
import { getRequest, slotNameOf } from '../clients/patroni.ts';
import type { HttpRequest } from '../clients/http.ts';
import { recordFile } from '../modules/etcd-member/schema.ts';
import { TaskFailedError } from '../core/errors.ts';
import { ask } from '../components/ask.ts';
import type { Control } from './control.ts';
import { etcdMemberOf, keepsSlots } from './operations/remove.ts';
import type { Departing } from './operations/remove-danger.ts';
import { serviceGroups, type ServiceGroup, type Topology } from '../components/topology.ts';
import type { ClusterView } from './view.ts';

// Seconds for an API of a host that may be off.
const answerWithin = 3;

// What playbooks/ start on a host, and where etcd.yml writes the data directory.
const unitOf: Readonly<Record<ServiceGroup, string>> = {
  etcd: 'etcd',
  postgres: 'patroni',
  haproxy: 'haproxy',
};
const lookScript = `for unit in ${Object.values(unitOf).join(' ')}; do
  case $(systemctl is-active $unit) in
    inactive|failed) systemctl is-enabled --quiet $unit 2>/dev/null && echo "unit $unit" ;;
    *) echo "unit $unit" ;;
  esac
done
[ ! -e ${recordFile} ] || sed -n 's/^ETCD_DATA_DIR=/data /p' /etc/default/etcd`;

/** Looks at a host that is to go: on it where it can be logged in to, else from the others. */
export async function lookAtDeparting(control: Control, view: ClusterView, name: string): Promise<Departing> {
  const { topology, fleet } = control;
  const groups = new Set(serviceGroups.filter((group) => topology[group].some((node) => node.name === name)));
  const address = addressOf(topology, view, name);
  const reached = fleet.has(name) && !fleet.unreachable.has(name);
  const said = reached ? await lookThere(control, name) : [];
  const words = (kind: string) =>
    said.flatMap((line) => (line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : []));
  // Outside the group a service of that name is somebody else's.
  const isOurs = (unit: string) => serviceGroups.some((group) => groups.has(group) && unitOf[group] === unit);
  return {
    name,
    address,
    groups,
    reached,
    answers: reached || address === undefined ? [] : await answersOf(control, address),
    units: new Set(words('unit').filter(isOurs)),
    etcdData: groups.has('etcd') ? words('data')[0] : undefined,
    slot: await hasSlot(control, view, name),
  };
}

async function lookThere({ fleet }: Control, name: string): Promise<string[]> {
  const { status, stdout, stderr } = await fleet.get(name).run(lookScript, true);
  if (status !== 0) throw new TaskFailedError(`${name}: its services cannot be looked at: ${stderr.trim()}`);
  return stdout.split('\n');
}

function addressOf(topology: Topology, view: ClusterView, name: string): string | undefined {
  const node = serviceGroups.flatMap((group) => topology[group]).find((other) => other.name === name);
  const [peerUrl] = etcdMemberOf(view, name)?.peerUrls ?? [];
  return (
    node?.address ??
    view.listed.patroni.find((member) => member.name === name)?.address ??
    (peerUrl === undefined ? undefined : new URL(peerUrl).hostname)
  );
}

/** Which services at an address answer any of the hosts that are connected. */
async function answersOf({ fleet, topology }: Control, address: string): Promise<string[]> {
  const { rest, etcd, stats } = topology.ports;
  const services: Record<string, HttpRequest> = {
    Patroni: getRequest({ address, port: rest }, '/patroni'),
    etcd: statusRequest({ address, port: etcd }),
    HAProxy: getRequest({ address, port: stats }, '/'),
  };
  const asked = Object.entries(services).map(async ([service, request]) => {
    const answers = await Promise.all(
      fleet.connected().map((host) => ask(fleet, host.name, request, answerWithin)),
    );
    return answers.some(({ answered }) => answered) ? [service] : [];
  });
  return (await Promise.all(asked)).flat();
}

/** Whether the leader keeps a slot for a member that goes with it; without a leader there is nobody to ask. */
export async function hasSlot({ sql, topology }: Control, view: ClusterView, name: string): Promise<boolean> {
  const leader = topology.postgres.find((node) => node.name === view.leader);
  if (!leader || leader.name === name || keepsSlots(view)) return false;
  const slot = slotNameOf(name);
  const answer = await sql.node(
    leader,
    `SELECT count(*)::int AS slots FROM pg_replication_slots WHERE slot_name = '${slot}'`,
  );
  return answer.answered && Number(answer.rows[0]?.['slots'] ?? 0) > 0;
}
