/** A host of the cluster. */
export interface ClusterHost {
  readonly name: string;
  /** Where the other hosts reach it. */
  readonly address: string;
}

/** A component as the inventory has it: the hosts of its group, and how it is set there. */
export interface Placed<S> {
  readonly hosts: readonly ClusterHost[];
  readonly settings: S;
}

/** What every component may know of the cluster that it serves. */
export interface ClusterOutline {
  readonly name: string;
  /** Members of the database, the leader among them. */
  readonly members: readonly ClusterHost[];
  /** Names of members that serve reads while they follow. */
  readonly readers: readonly string[];
  /** It follows another cluster, and takes no writes. */
  readonly standby: boolean;
}
