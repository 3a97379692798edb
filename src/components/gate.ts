import type { Fleet } from '../engine/hosts/fleet.ts';
import type { Topology } from './topology.ts';

/** Where a gate looks. */
export interface GateView {
  readonly fleet: Fleet;
  readonly topology: Topology;
}

/** What guards one part of the cluster while a play rolls over it. */
export interface Gate {
  /**
   * Why this host's service must not be interrupted now; undefined when it may. `ahead` of a run's changes by the state
   * of the members alone, as settings may be among them.
   */
  refusal(view: GateView, host: string, ahead: boolean): Promise<string | undefined>;
  /** What the host still lacks to count as well; undefined when it is. */
  missing(view: GateView, host: string): Promise<string | undefined>;
  /** Who leads this part, and who is in it; undefined where nobody does. */
  lead?(view: GateView): Promise<Lead | undefined>;
}

export interface Lead {
  readonly leader: string;
  readonly members: readonly string[];
}
