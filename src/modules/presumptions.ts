import { needGroupName, needUserName } from '../facts/account.ts';
import type { Need, Obstacle, Presumption } from '../facts/need.ts';
import { needFilled, needPath } from '../facts/path.ts';

/** The directory that a path is to be in is there. */
export function inDirectory(path: string): Presumption[] {
  return ofDirectory(path.slice(0, path.lastIndexOf('/')), (folder, found) =>
    found === undefined
      ? { reason: `${folder} does not exist`, hint: 'make it before, with file and state: directory' }
      : noDirectory(folder, found),
  );
}

/** What is above a new directory is one; what is missing is made. */
export function belowDirectory(path: string): Presumption[] {
  return ofDirectory(path.slice(0, path.lastIndexOf('/')), noDirectory);
}

/** A directory to work in. */
export function directory(path: string): Presumption[] {
  return ofDirectory(path, (folder, found) =>
    found === undefined
      ? { reason: `${folder} does not exist`, hint: 'make it before, or correct the name' }
      : noDirectory(folder, found),
  );
}

/** Nothing is in a directory that is to be removed. */
export function emptied(path: string): Presumption[] {
  const hint = 'what is in it could be data: remove it by hand, or name each file';
  return [obstacleOf(needFilled(path), (isFilled) => isFilled && { reason: `${path} is not empty`, hint })];
}

/** The users and groups are there. */
export function accounts(
  users: readonly (string | undefined)[],
  groups: readonly (string | undefined)[],
): Presumption[] {
  // Every host has root.
  const named = (names: readonly (string | undefined)[]) =>
    [...new Set(names)].filter((name) => name !== undefined && name !== 'root');
  const absent = (what: string, name = '') => ({
    reason: `there is no ${what} ${name}`,
    hint: `correct the name, or have a task before this one add the ${what}`,
  });
  return [
    ...named(users).map((name = '') =>
      obstacleOf(needUserName(name), (isThere) => !isThere && absent('user', name)),
    ),
    ...named(groups).map((name = '') =>
      obstacleOf(needGroupName(name), (isThere) => !isThere && absent('group', name)),
    ),
  ];
}

function ofDirectory(
  folder: string,
  obstacle: (folder: string, found: string | undefined) => Obstacle | undefined,
): Presumption[] {
  return folder === '' || folder === '/'
    ? []
    : [obstacleOf(needPath(folder), (fact) => obstacle(folder, fact?.type))];
}

/** A link may lead to a directory. */
function noDirectory(folder: string, found: string | undefined): Obstacle | undefined {
  return found === 'file' || found === 'other'
    ? { reason: `${folder} is no directory`, hint: 'move it out of the way, or choose another path' }
    : undefined;
}

function obstacleOf<F>(need: Need<F>, obstacle: (fact: F) => Obstacle | false | undefined): Presumption {
  return { ...need, parse: (records) => obstacle(need.parse(records)) || undefined };
}
