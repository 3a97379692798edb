import * as z from 'zod';
import { factsOfAccount, needUser, type UserFact } from '../../facts/account.ts';
import { needPath, type PathFact } from '../../facts/path.ts';
import { changed, changeFields, inSync, outdate, type Verdict } from '../../plan/change.ts';
import { run } from '../../plan/operation.ts';
import { quote, quoteAll } from '../../shell/quote.ts';
import { defineModule } from '../define-module.ts';
import { absolutePath, accountName, textList } from '../params.ts';
import { accounts } from '../presumptions.ts';

const Params = z.strictObject({
  name: accountName.describe('The user.'),
  state: z.enum(['present', 'absent']).default('present').describe('Whether it is to exist.'),
  uid: z.int().optional().describe('Its number.'),
  group: accountName.optional().describe('The primary group.'),
  groups: textList.optional().describe('Supplementary groups.'),
  append: z.boolean().default(false).describe('Keep the groups the user is in beside those of `groups`.'),
  comment: z.string().optional().describe('Full name or purpose (GECOS).'),
  home: absolutePath.optional().describe('Home directory; a change of it moves no files.'),
  shell: absolutePath.optional().describe('Login shell.'),
  create_home: z.boolean().default(true).describe('Make the home directory where it is missing.'),
  system: z.boolean().default(false).describe('A new user gets a number out of the system’s range.'),
});
type Params = z.infer<typeof Params>;

const UserChange = z.strictObject({
  ...changeFields,
  commands: z.array(z.array(z.string())),
  /** The directory that comes to be with it. */
  home: z.string().optional(),
});
type UserChange = z.infer<typeof UserChange>;

export const user = defineModule({
  name: 'user',
  docs: {
    summary: 'Sees to a local user account.',
    differences: ['No passwords and keys; `state: absent` leaves the home directory.'],
    example: `- user:
    name: postgres
    groups: ssl-cert
    append: true`,
  },
  params: Params,
  change: UserChange,
  needs: ({ name, home, create_home }) => ({
    user: needUser(name),
    home: home === undefined || !create_home ? [] : [needPath(home)],
  }),
  diff: ({ user: actual, home }, params) => diff(actual, home, params),
  presumes: ({ group: primary, groups = [], state }) =>
    state === 'absent' ? [] : accounts([], [primary, ...groups]),
  apply: ({ commands }) => commands.map((command) => run(quoteAll(command))),
  mayWrite: ({ name, home, create_home: makesHome }) =>
    makesHome ? [needPath(home ?? `/home/${name}`)] : [],
  writes: ({ resource, home }) => [
    ...factsOfAccount(resource).map(outdate),
    ...(home === undefined ? [] : [outdate(needPath(home))]),
  ],
  aim: ({ name, state }) => (state === 'absent' ? `no user ${name}` : `user ${name}`),
});

function diff(
  actual: UserFact | undefined,
  home: readonly (PathFact | undefined)[],
  params: Params,
): Verdict<UserChange> {
  const { name, state, create_home } = params;
  const change = (action: UserChange['action'], commands: string[][], more: Partial<UserChange> = {}) =>
    changed({ action, resource: name, commands, ...more });
  if (state === 'absent') return actual ? change('remove', [['userdel', '--', name]]) : inSync();
  if (!actual) {
    const options = [
      ...(params.system ? ['--system'] : []),
      create_home ? '--create-home' : '--no-create-home',
    ];
    const { options: more } = settings(undefined, params);
    return change(
      'create',
      [['useradd', ...options, ...more, '--', name]],
      create_home ? { home: params.home ?? `/home/${name}` } : {},
    );
  }
  const { options, differences } = settings(actual, params);
  const at = params.home ?? actual.home;
  const isHomeMissing = create_home && (params.home === undefined ? actual.isHomeMissing : !home[0]);
  if (options.length === 0 && !isHomeMissing) return inSync();
  const commands = [
    ...(options.length === 0 ? [] : [['usermod', ...options, '--', name]]),
    ...(isHomeMissing ? [['mkhomedir_helper', name]] : []),
  ];
  const detail = [...differences, ...(isHomeMissing ? [`${at} is made`] : [])].join(', ');
  return change('update', commands, { detail, ...(isHomeMissing ? { home: at } : {}) });
}

function settings(
  actual: UserFact | undefined,
  params: Params,
): { options: string[]; differences: string[] } {
  const options: string[] = [];
  const differences: string[] = [];
  const set = (flag: string, label: string, wanted: string | undefined, current: string | undefined) => {
    if (wanted === undefined || wanted === current) return;
    options.push(flag, wanted);
    differences.push(`${label} ${quote(current ?? '')} -> ${quote(wanted)}`);
  };
  set('--uid', 'uid', params.uid?.toString(), actual?.uid.toString());
  set('--gid', 'group', params.group, actual?.groups[0]);
  set('--comment', 'comment', params.comment, actual?.comment);
  set('--home-dir', 'home', params.home, actual?.home);
  set('--shell', 'shell', params.shell, actual?.shell);
  if (params.groups) {
    const current = actual?.groups.slice(1) ?? [];
    // The primary one is no supplementary group: usermod leaves it out.
    const others = params.groups.filter((group) => group !== (params.group ?? actual?.groups[0]));
    const wanted = [...new Set([...(params.append ? current : []), ...others])].sort();
    if (wanted.join() !== [...current].sort().join())
      set('--groups', 'groups', wanted.join(','), current.join(','));
  }
  // usermod names the home option differently from useradd.
  if (actual) options.forEach((option, index) => option === '--home-dir' && (options[index] = '--home'));
  return { options, differences };
}
