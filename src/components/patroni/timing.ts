/** The times Patroni goes by, in seconds, and the lag in bytes that rules a candidate out. */
export interface Timing {
  readonly ttl: number;
  readonly loopWait: number;
  readonly retryTimeout: number;
  readonly primaryStartTimeout: number;
  readonly maximumLag: number;
}

/** Reads them out of the configuration in the DCS; what is not set there has Patroni's default. */
export function timingOf(config: Readonly<Record<string, unknown>>): Timing {
  const number = (name: string, otherwise: number) => {
    const value = Number(config[name] ?? otherwise);
    return Number.isFinite(value) ? value : otherwise;
  };
  return {
    ttl: number('ttl', 30),
    loopWait: number('loop_wait', 10),
    retryTimeout: number('retry_timeout', 10),
    // Its name until Patroni 3.0.
    primaryStartTimeout: number('primary_start_timeout', number('master_start_timeout', 300)),
    maximumLag: number('maximum_lag_on_failover', 1_048_576),
  };
}
