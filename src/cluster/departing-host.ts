import { slotNameOf } from '../clients/patroni/api.ts';
import type { Component } from '../components/component.ts';
import { patroni } from '../components/patroni/index.ts';
import { TaskFailedError } from '../core/errors.ts';
import type { Control } from './control.ts';
import { departureOrder, etcdMemberOf, keepsSlots } from './operations/remove.ts';
import type { DepartingHost } from './operations/remove-danger.ts';
import type { Topology } from './topology.ts';
import type { ClusterView } from './view.ts';

// Seconds for an API of a host that may be off.
const answerWithin = 3;

const lookScript = `for unit in ${departureOrder.flatMap(({ unit }) => unit ?? []).join(' ')}; do
  case $(systemctl is-active $unit) in
    inactive|failed) systemctl is-enabled --quiet $unit 2>/dev/null && echo "unit $unit" ;;
    *) echo "unit $unit" ;;
  esac
done
${departureOrder.flatMap(keptScript).join(' &&\n')}`;

function keptScript({ name, leaving }: Component): string[] {
  if (leaving?.keepsScript === undefined) return [];
  return [`{ kept=$(${leaving.keepsScript}) && { [ -z "$kept" ] || echo "kept ${name} $kept"; }; }`];
}

/** Looks at a host that is to go: on it where it can be logged in to, else from the others. */
export async function lookAtDepartingHost(
  control: Control,
  view: ClusterView,
  name: string,
): Promise<DepartingHost> {
  const { topology, fleet } = control;
  const own = departureOrder.filter((component) =>
    topology.hostsOf(component).some((host) => host.name === name),
  );
  const address = addressOf(topology, view, name);
  const reached = fleet.has(name) && !fleet.unreachable.has(name);
  const said = reached ? await lookThere(control, name) : [];
  const words = (kind: string) =>
    said.flatMap((line) => (line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : []));
  // Outside the group a service of that name is somebody else's.
  const units = own.flatMap(({ unit }) => unit ?? []);
  return {
    name,
    address,
    groups: new Set(own.map(({ group }) => group)),
    reached,
    answers: reached || address === undefined ? [] : await answersOf(control, address),
    units: new Set(words('unit').filter((unit) => units.includes(unit))),
    kept: new Map(
      own.flatMap((component): [string, string][] => {
        const [line] = words(`kept ${component.name}`);
        return line === undefined ? [] : [[component.name, line]];
      }),
    ),
    slot: await hasSlot(control, view, name),
  };
}

async function lookThere({ fleet }: Control, name: string): Promise<string[]> {
  const { status, stdout, stderr } = await fleet.get(name).run(lookScript, true);
  if (status !== 0) throw new TaskFailedError(`${name}: its services cannot be looked at: ${stderr.trim()}`);
  return stdout.split('\n');
}

function addressOf(topology: Topology, view: ClusterView, name: string): string | undefined {
  const hosts = departureOrder.flatMap((component) => topology.hostsOf(component));
  const [peerUrl] = etcdMemberOf(view, name)?.peerUrls ?? [];
  return (
    hosts.find((host) => host.name === name)?.address ??
    view.listed.patroni.find((member) => member.name === name)?.address ??
    (peerUrl === undefined ? undefined : new URL(peerUrl).hostname)
  );
}

/** Which services at an address answer any of the hosts that are connected. */
async function answersOf({ fleet, ask, topology }: Control, address: string): Promise<string[]> {
  const asked = departureOrder.map(async (component) => {
    const request = component.leaving?.request?.(topology.of(component).settings, address);
    if (!request) return [];
    const answers = await Promise.all(
      fleet.connected().map((host) => ask.http(host.name, request, answerWithin)),
    );
    return answers.some(({ answered }) => answered) ? [component.title] : [];
  });
  return (await Promise.all(asked)).flat();
}

/** Whether the leader keeps a slot for a member that goes with it; without a leader there is nobody to ask. */
export async function hasSlot({ sql, topology }: Control, view: ClusterView, name: string): Promise<boolean> {
  const leader = topology.hostsOf(patroni).find((host) => host.name === view.leader);
  if (!leader || leader.name === name || keepsSlots(view)) return false;
  const slot = slotNameOf(name);
  const answer = await sql.on(
    leader,
    `SELECT count(*)::int AS slots FROM pg_replication_slots WHERE slot_name = '${slot}'`,
  );
  return answer.answered && Number(answer.rows[0]?.['slots'] ?? 0) > 0;
}
