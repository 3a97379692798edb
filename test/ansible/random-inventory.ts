import fc from 'fast-check';
import type { Case } from '../inventories/cases.ts';

// No host has a group's name: one that is in no group becomes a group within `ungrouped` to Ansible.
const groups = ['alpha', 'beta', 'gamma', 'web-1', 'my.group', 'web', 'zeta'];
const hosts = fc.constantFrom(
  ...['a', 'b', 'c.example.com', 'n[1:3]', 'z[01:05:2]', 'r[a:c]', 'm[1:2][x:y]'],
  ...[
    'p:2222',
    'q[1:2]:33',
    '10.0.0.1',
    '10.0.0.[2:4]:44',
    '[2001:db8::1]:55',
    '2001:db8::2',
    'user@h',
    'h-1',
    'h_1',
  ],
);
const names = fc.constantFrom('x', 'y', 'z', 'ansible_host', 'ansible_port', 'deep_name', 'X');
const snippets = fc.constantFrom(
  ...['5', '-5', '0', '00', '007', '1_0', '1.50', '.5', '5.', '1e3', '0x1F', '0b11', '0o17', '5s', '1.2.3'],
  ...[
    'True',
    'False',
    'None',
    'true',
    'yes',
    'null',
    '~',
    '"q"',
    "'q'",
    '"a" \'b\'',
    '"\\n\\x41"',
    "r'\\n'",
    '"open',
  ],
  ...[
    '[1, 2]',
    '[1, [2, "x"], None]',
    '[a]',
    '(1,)',
    '()',
    '1, 2',
    "{'a': 1}",
    '{"a": {"b": []}}',
    '{1: 2}',
    '{a: 1}',
    '{}',
  ],
  ...[
    '{{ x }}',
    '"{{ x }}"',
    'a b',
    'a  b',
    'a=b',
    'a#b',
    'a # b',
    '5 # c',
    '"q" # c',
    'a;b',
    'ü',
    '\\',
    'a\\ b',
    '',
  ],
  ...[
    'http://x/?a=1&b=2',
    '-o "A=B C"',
    '%h',
    '--5',
    '+5',
    '- 5',
    'not 1',
    '1 if 1 else 2',
    'a.b',
    '*',
    '&',
    '@x',
    '0777',
  ],
);
const value = fc.oneof(
  { weight: 6, arbitrary: snippets },
  {
    weight: 1,
    arbitrary: fc.array(snippets, { minLength: 2, maxLength: 3 }).map((parts) => parts.join(' ')),
  },
);
const data = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    1,
    -7,
    1.5,
    '',
    'text',
    'yes',
    '5',
    '0x1',
    '1e3',
    '~',
    '2024-01-31',
    '1:30',
  ),
  fc.array(fc.constantFrom<unknown>(1, 'a', null), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('k', 'l'), fc.constantFrom<unknown>(1, 'a', null, [true])),
);

/** A value after a host, in the quotes it needs to be one word. */
const quoted = value
  .filter((text) => !/["'\\#]|^$/.test(text))
  .map((text) => (/\s/.test(text) ? `"${text}"` : text));
const assignment = fc.tuple(
  names,
  fc.oneof(
    quoted,
    snippets.filter((text) => /^("[^"\\]*"|'[^'\\]*')$/.test(text)),
  ),
);
const hostLine = fc
  .tuple(hosts, fc.array(assignment, { maxLength: 3 }), fc.constantFrom('', '', ' # comment', '\t'))
  .map(([host, vars, tail]) => [host, ...vars.map(([name, text]) => `${name}=${text}`)].join(' ') + tail);
const sign = fc.constantFrom('=', ' = ', '= ', ' =');
const priority = fc.constantFrom(
  'ansible_group_priority=5',
  'ansible_group_priority = 0',
  'ansible_group_priority="9"',
);
const variableLine = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(names, sign, value).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: priority },
);

/** Only a group that comes later in the list may be a child: so there are no circles. */
const links = fc
  .uniqueArray(fc.tuple(fc.nat(groups.length - 1), fc.nat(groups.length - 1)), { maxLength: 6 })
  .map((pairs) => pairs.filter(([parent, child]) => parent < child));

const ini = fc
  .record({
    top: fc.array(hostLine, { maxLength: 3 }),
    members: fc.tuple(...groups.map(() => fc.array(hostLine, { maxLength: 3 }))),
    vars: fc.tuple(...[...groups, 'all'].map(() => fc.array(variableLine, { maxLength: 4 }))),
    links,
    order: fc.array(fc.nat(1000), { minLength: 30, maxLength: 30 }),
    end: fc.constantFrom('\n', '\n', '\r\n'),
  })
  .map(({ top, members, vars, links: pairs, order, end }) => {
    const sections = [
      ...groups.map((group, index) => [`[${group}]`, ...(members[index] ?? [])]),
      ...[...groups, 'all'].map((group, index) => [`[${group}:vars]`, ...(vars[index] ?? [])]),
      ...pairs.map(([parent, child]) => [`[${groups[parent]}:children]`, groups[child] ?? '']),
    ];
    const shuffled = sections
      .map((section, index) => ({ section, at: order[index] ?? 0 }))
      .sort((one, other) => one.at - other.at);
    return [top, ...shuffled.map(({ section }) => section)].flat().join(end) + end;
  });

const yaml = fc
  .record({
    members: fc.tuple(
      ...[...groups, 'all'].map(() =>
        fc.dictionary(hosts, fc.dictionary(names, data, { maxKeys: 2 }), { maxKeys: 3 }),
      ),
    ),
    vars: fc.tuple(...[...groups, 'all'].map(() => fc.dictionary(names, data, { maxKeys: 3 }))),
    links,
  })
  .map(({ members, vars, links: pairs }) => {
    const all = [...groups, 'all'].map((group, index) => {
      const children = pairs.filter(([parent]) => parent === index).map(([, child]) => [groups[child], null]);
      return [
        group,
        {
          hosts: members[index],
          vars: vars[index],
          children: Object.fromEntries(children) as Record<string, null>,
        },
      ];
    });
    return JSON.stringify(Object.fromEntries(all), null, 1);
  });

const variableFile = fc.dictionary(names, data, { maxKeys: 3 }).map((map) => JSON.stringify(map));
const beside = fc.dictionary(
  fc
    .tuple(
      fc.constantFrom('group_vars/', 'host_vars/', 'play/group_vars/', 'play/host_vars/'),
      fc.constantFrom('all', 'ungrouped', 'a', 'n1', 'c.example.com', ...groups),
      fc.constantFrom(
        '',
        '.yml',
        '.yaml',
        '.json',
        '.txt',
        '.yml~',
        '/x.yml',
        '/20',
        '/sub/y.json',
        '/sub.d/z.yml',
        '/.h.yml',
      ),
    )
    .map((parts) => parts.join('')),
  variableFile,
  { maxKeys: 8 },
);

/** A file cannot be a folder as well: of two such paths the first stays. */
function withoutClashes(files: Readonly<Record<string, string>>): Record<string, string> {
  const kept: [string, string][] = [];
  for (const [path, text] of Object.entries(files))
    if (!kept.some(([other]) => other.startsWith(`${path}/`) || path.startsWith(`${other}/`)))
      kept.push([path, text]);
  return Object.fromEntries(kept);
}

/** Inventories of one or two sources, with variables beside them and beside a playbook. */
export const randomInventory: fc.Arbitrary<Case> = fc
  .record({ ini, yaml, beside, kind: fc.constantFrom('ini', 'yaml', 'both', 'reversed'), play: fc.boolean() })
  .map(({ ini: first, yaml: second, beside: variables, kind, play }) => ({
    files: withoutClashes({ hosts: first, 'hosts.yml': second, ...variables }),
    inventory: {
      ini: ['hosts'],
      yaml: ['hosts.yml'],
      both: ['hosts', 'hosts.yml'],
      reversed: ['hosts.yml', 'hosts'],
    }[kind],
    ...(play ? { playbook_dir: 'play' } : {}),
    executable: [],
    patterns: [],
  }));
