import type { Look } from './look.ts';

/** What guards one component while a play rolls over its hosts. */
export interface Gate<S> {
  /**
   * Why this host's service must not be interrupted now; undefined when it may. `ahead` of a run's changes by the state
   * of the members alone, as settings may be among them.
   */
  refusal(look: Look<S>, host: string, ahead: boolean): Promise<string | undefined>;
  /** What the host still lacks to count as well; undefined when it is. */
  missing(look: Look<S>, host: string): Promise<string | undefined>;
  /** Who leads, and who is a member; undefined where nobody does. */
  lead?(look: Look<S>): Promise<Lead | undefined>;
  /** Whether the leader goes before the hosts that follow it, this time. */
  leaderFirst?(look: Look<S>, lead: Lead): Promise<boolean>;
}

export interface Lead {
  readonly leader: string;
  readonly members: readonly string[];
}
