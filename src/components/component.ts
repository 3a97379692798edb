// A component is one folder here and one of the same name under playbooks/: what drover knows of a service beyond
// installing it. Components know nothing of each other; what needs several of them is in cluster/.
import type { HttpRequest } from '../clients/http.ts';
import type { Diagnostic } from '../core/diagnostics.ts';
import type { Given } from './check.ts';
import type { Gate } from './gate.ts';
import type { Look, ProbeLook } from './look.ts';
import type { ClusterHost } from './place.ts';
import type { ProbeRow } from './probe-row.ts';
import type { StatusTable } from './status-table.ts';
import type { VariableReader } from './variable-reader.ts';

/** Releases of Debian that the lab has. */
export type DebianRelease = '12' | '13';

/** How a service is stopped for good. */
export interface Stop {
  /** Wording in the plan, and once it is done. */
  readonly what: string;
  readonly done: string;
  readonly disrupts?: string;
  /** More shell lines, after the unit was stopped and disabled. */
  readonly script?: string;
}

/** How a host leaves the component. */
export interface Leaving<S> {
  /** Asks the service from another host, to see whether it still runs; none for what can't be asked. */
  request?(settings: S, address: string): HttpRequest;
  /** A shell command that prints one line about what drover keeps on the host; nothing where it keeps nothing. */
  readonly keepsScript?: string;
  /** Where it is not merely stopped. `kept` is what that printed; `serves` says whether it is in use. */
  stop?(host: string, found: { readonly kept: string | undefined; readonly serves: boolean }): Stop;
}

/** A TCP port that the component listens on. */
export interface Port {
  /** The variable that sets it. */
  readonly variable: string;
  readonly program: string;
  /** At which addresses: variables that have them, or addresses. */
  readonly on: readonly string[];
  /** Who connects to it. */
  readonly from: string;
}

/** What drover knows of a component. S are its settings, T is the state of one of its hosts. */
export interface Component<S = unknown, T = unknown> {
  /** Also its folder under playbooks/, the prefix of its variables, and the name of its gate. */
  readonly name: string;
  /** As people write it. */
  readonly title: string;
  /** The inventory's group of its hosts. */
  readonly group: string;
  /** The unit that serves; none for what is no service. */
  readonly unit?: string;
  /** Debian's packages of it, which the lab keeps at hand. */
  readonly packages: (release: DebianRelease) => readonly string[];
  readonly ports: readonly Port[];
  /** Variables with directories that it fills, and shares with nobody. */
  readonly directories?: readonly string[];
  /** Whether there is no cluster without a host of it. */
  readonly required?: boolean;
  /** Reads its settings from the variables of its hosts. */
  settings(read: VariableReader): S;
  /** What to write instead of a variable that is none of drover's, where its name tells that this component is meant. */
  foreignName?(name: string): string | undefined;
  /** What is wrong with its variables beyond what their declarations tell, before any host is asked. */
  check?(given: Given): readonly Diagnostic[];
  /** Looks at one of its hosts. What does not answer is a state, too. */
  look?(look: Look<S>, host: ClusterHost): Promise<T>;
  /** Rows of `drover verify`. */
  probes?(look: ProbeLook<S, T>): readonly ProbeRow[] | Promise<readonly ProbeRow[]>;
  /** Its table in `drover status`. */
  readonly status?: StatusTable<S, T>;
  /** Guards it while a play rolls over its hosts. */
  readonly gate?: Gate<S>;
  readonly leaving?: Leaving<S>;
}

/** Infers the types of settings and states. */
export function defineComponent<S, T>(component: Component<S, T>): Component<S, T> {
  return component;
}
