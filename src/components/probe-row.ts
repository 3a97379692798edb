type ProbeVerdict = 'pass' | 'warn' | 'fail';

/** One line of `verify`: what was looked at, where, what should be so and what is. */
export interface ProbeRow {
  readonly probe: string;
  readonly where: string;
  readonly expected: string;
  readonly found: string;
  readonly verdict: ProbeVerdict;
}

/** A row that passes when what is found is what is expected. */
export function expectSame(probe: string, where: string, expected: string, found: string): ProbeRow {
  return { probe, where, expected, found, verdict: expected === found ? 'pass' : 'fail' };
}

export function row(
  probe: string,
  where: string,
  expected: string,
  found: string,
  verdict: ProbeVerdict | boolean,
): ProbeRow {
  return {
    probe,
    where,
    expected,
    found,
    verdict: verdict === true ? 'pass' : verdict === false ? 'fail' : verdict,
  };
}
