import { describe, expect, it } from 'vitest';
import { claimsOf, splitOf, surplusOf } from '../../../../src/clients/patroni/leaders.ts';

const patroni = { version: '4', scope: 'x' };
const primary = { state: 'running', role: 'primary', timeline: 2, patroni };
const replica = { ...primary, role: 'replica' };
const node = (name: string, leader: number, member: typeof primary | undefined = primary) => ({
  name,
  member,
  leader,
});
const names = (members: Parameters<typeof claimsOf>[0]) => claimsOf(members).map(({ name }) => name);

describe('who leads', () => {
  it('is who holds the lock', () => {
    expect(names([node('n1', 503, replica), node('n2', 200)])).toEqual(['n2']);
    expect(names([node('n1', 503, replica), node('n2', 503, replica)])).toEqual([]);
  });

  it('is the standby leader, too, which takes no writes', () => {
    expect(names([node('n1', 200, { ...primary, role: 'standby_leader' })])).toEqual(['n1']);
  });

  it('is also who takes writes beside it, the lock first', () => {
    expect(names([node('n1', 503), node('n2', 200), node('n3', 503, replica)])).toEqual(['n2', 'n1']);
    expect(names([node('n1', 503), node('n2', 503)])).toEqual(['n1', 'n2']);
  });

  it('is nobody where one takes writes that nobody sends there', () => {
    expect(names([node('n1', 503), node('n2', 503, replica)])).toEqual([]);
    expect(names([node('n1', 200), node('n2', 503, { ...primary, state: 'stopping' })])).toEqual(['n1']);
  });
});

describe('two leaders', () => {
  it('are named with the command that ends it', () => {
    const claims = claimsOf([node('n1', 503, { ...primary, timeline: 3 }), node('n2', 200)]);
    expect(splitOf(claims, true)).toEqual({
      message: 'n2 (timeline 2, with the leader’s lock) and n1 (timeline 3, without it) both take writes',
      hint: 'drover reinit n1 deletes what only n1 has, and clones n2; Patroni is paused, and leaves it so',
    });
    expect(surplusOf(claims)).toEqual(['n1']);
  });

  it('with a lock each are left to a person', () => {
    const claims = claimsOf([node('n1', 200), node('n2', 200)]);
    expect(splitOf(claims, false)?.hint).toMatch(/^Patroni may end this .* systemctl stop patroni /);
    expect(surplusOf(claims)).toEqual([]);
  });

  it('are none while one leads', () => {
    expect(splitOf(claimsOf([node('n1', 200)]), false)).toBeUndefined();
  });
});
