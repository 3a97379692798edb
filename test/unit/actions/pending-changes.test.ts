import { expect, test } from 'vitest';
import { changesInBoth } from '../../../src/actions/pending-changes.ts';

/** A plan that makes changes, as `host resource`. */
function planOf(...changes: readonly string[]) {
  const reports = changes.map((change) => {
    const [host = '', resource = ''] = change.split(' ');
    return { host, instances: [{ outcome: { changes: [{ action: 'update', resource }] } }] };
  });
  return { reports };
}

test.each([
  { what: 'nothing where a host only leaves', staying: planOf(), leaving: planOf('n1 /etc/hosts'), both: [] },
  {
    what: 'what a run would change in any case',
    staying: planOf('n1 /etc/haproxy/haproxy.cfg'),
    leaving: planOf('n1 /etc/haproxy/haproxy.cfg', 'n1 /etc/hosts'),
    both: ['n1: update /etc/haproxy/haproxy.cfg'],
  },
  {
    what: 'nothing where a removal that was cut off goes on',
    staying: planOf('n1 /etc/hosts', 'n3 /etc/hosts'),
    leaving: planOf('n2 /etc/hosts'),
    both: [],
  },
  {
    what: 'nothing of the host itself',
    staying: planOf('n3 /etc/hosts'),
    leaving: planOf('n3 /etc/hosts'),
    both: [],
  },
])('two plans have in common: $what', ({ staying, leaving, both }) => {
  expect(changesInBoth(staying, leaving, 'n3')).toEqual(both);
});
