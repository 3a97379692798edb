// Who leads, when more than one says so. Pure.
import { isPrimaryRole, type PatroniMember } from './api.ts';

/** A member that says that it leads. */
export interface Claim {
  readonly name: string;
  /** It holds the leader’s lock, in its own words; without it takes writes all the same. */
  readonly locked: boolean;
  readonly timeline: number | undefined;
}

/** What a member answers: of itself, and the status of GET /leader. */
interface Answered {
  readonly name: string;
  readonly member: PatroniMember | undefined;
  readonly leader: number | undefined;
}

/** Whether PostgreSQL takes writes there, whatever Patroni has to say to it. */
export function takesWrites(member: PatroniMember | undefined): boolean {
  return member?.state === 'running' && isPrimaryRole(member.role);
}

/**
 * The members that lead by their own words, those with the lock first. One that takes writes without it is no leader,
 * but one too many beside another.
 */
export function claimsOf(members: readonly Answered[]): Claim[] {
  const claims = members
    .filter(({ member, leader }) => leader === 200 || takesWrites(member))
    .map(({ name, member, leader }) => ({ name, locked: leader === 200, timeline: member?.timeline }))
    .sort((a, b) => Number(b.locked) - Number(a.locked));
  return claims.length === 1 ? claims.filter(({ locked }) => locked) : claims;
}

/** Two leaders: who they are, and what ends that. */
export interface Split {
  readonly message: string;
  readonly hint: string;
}

/** What is wrong when more than one leads; undefined while it is one, or none. */
export function splitOf(claims: readonly Claim[], paused: boolean): Split | undefined {
  if (claims.length < 2) return undefined;
  const message = `${claims.map(describeClaim).join(' and ')} both take writes`;
  const surplus = surplusOf(claims);
  const [leader] = claims;
  if (surplus.length === 0 || !leader) {
    return {
      message,
      hint: 'Patroni may end this within a cycle; if it stays, they use two etcds: run systemctl stop patroni on the one whose rows are to be given up, then drover provision',
    };
  }
  const commands = surplus.map((name) => `drover reinit ${name}`).join(', ');
  return {
    message,
    hint: `${commands} deletes what only ${surplus.join(', ')} has, and clones ${leader.name}${paused ? '; Patroni is paused, and leaves it so' : ''}`,
  };
}

/** Members that can be cloned again from the one that holds the lock; none where that is not clear. */
export function surplusOf(claims: readonly Claim[]): string[] {
  const locked = claims.filter((claim) => claim.locked);
  return locked.length === 1 ? claims.filter((claim) => !claim.locked).map(({ name }) => name) : [];
}

function describeClaim({ name, locked, timeline }: Claim): string {
  const on = timeline === undefined ? 'timeline unknown' : `timeline ${timeline}`;
  return `${name} (${on}${locked ? ', with the leader’s lock' : ', without it'})`;
}
