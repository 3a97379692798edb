import type { Declaration } from '../src/config/declarations.ts';
import shipped from '../src/components/patroni/checks/parameters.json' with { type: 'json' };

type Random = () => number;

/** How values are chosen. */
export interface Choice {
  readonly random: Random;
  /** Also what nobody should give: line breaks, quotes, what lies outside of bounds. */
  readonly hostile: boolean;
}

function oneOf<T>(items: readonly [T, ...T[]], random: Random): T {
  return items[Math.floor(random() * items.length)] ?? items[0];
}

const hostile = [
  'a\nb',
  'x\r\nhost all all 0.0.0.0/0 trust',
  'a b',
  "'",
  '"',
  '#',
  '; rm -rf /',
  '$(id)',
  '\\',
  '{{',
  '',
  'ü',
  '\u2028',
  '%s',
  '- x',
  'a: b',
  '*',
  '&a',
  '10.0.0.0/33',
  '0.0.0.0/0\tmd5',
] as const;

const ofFormat: Readonly<Record<NonNullable<Declaration['format']>, readonly [string, ...string[]]>> = {
  ipv4: ['10.0.0.7', '192.0.2.255', '127.0.0.1', '010.0.0.1', '300.1.1.1'],
  host: ['db.example.org', 'db', '10.0.0.1', '2001:db8::1', 'a_b', 'x:5000'],
  listen: ['0.0.0.0', '*', '0.0.0.0,127.0.0.1', 'localhost', '*,10.0.0.1', '::', '0.0.0.0 '],
  bind: ['*', '0.0.0.0', '10.0.0.9', '::', 'eth0', '*:1'],
  network: ['10.0.0.0/8', '0.0.0.0/0', '10.0.0.1/32', '2001:db8::/32', '10.0.0.0', '10.0.0.0/33', 'all'],
  source: ['10.0.0.0/8', '0.0.0.0/0', '10.0.0.1', '2001:db8::/32', '10.0.0.0/33', 'db.example.org'],
  duration: ['1s', '1500ms', '2m', '10', '24d', '25d', '0s', '1s500ms'],
  interval: ['1s', '500ms', '3s', '60s', '61s', '2m', '0'],
  role: ['ops', 'App-1', 'a.b', '_x', 'postgres', 'pg_ops', 'all', 'admin', '1x', 'a"b'],
  path: ['/srv/pg', '/data/pg-1/main', '/var/lib/x', '/etc', '/srv/a b', 'srv', '/srv/../etc', '/srv/pg/'],
};

const lines: readonly [string, ...string[]] = [
  'host app app 10.0.0.0/8 scram-sha-256',
  'local app "some one" peer map=x',
  'host app +team .example.org md5',
  'host app,other app 10.0.0.0 255.0.0.0 scram-sha-256',
  'hostnossl\tapp\tapp\t0.0.0.0/0\treject',
  'host app app 10.0.0.1 md5',
  'host app app node1/32 md5',
  'host app app 10.0.0.0/8 scram',
  'hostssl app app all cert',
  'host all all all reject',
  'host app "app all md5',
];

const tags: readonly [object, ...object[]] = [
  { nofailover: false, noloadbalance: true },
  { clonefrom: true, mine: 'a' },
  { nosync: true },
  { nofailover: true },
  { nofialover: true },
  { mine: 'a\nb' },
];

const options: readonly [unknown, ...unknown[]] = [
  'data-checksums',
  { encoding: 'UTF8' },
  { locale: 'C.UTF-8' },
  { 'wal-segsize': 32 },
  { encoding: 'UTF9' },
  { locale: 'C; id' },
  'pwfile',
];

const settings: readonly [object, ...object[]] = [
  {},
  { failsafe_mode: true },
  { maximum_lag_on_syncnode: 1048576, max_timelines_history: 100 },
  { postgresql: { pg_ctl_timeout: 90 } },
  { ttl: 45 },
  { ttl: 5 },
  { tttl: 30 },
  { loop_wait: 'soon' },
];

/** Parameters that a reload changes and that stop nothing by themselves. */
function parameters({ random, hostile: isHostile }: Choice): Record<string, unknown> {
  const known = Object.entries(shipped).filter(
    ([name, text]) =>
      /^(bool|enum) (sighup|user|superuser)/.test(text) &&
      !/since|until/.test(text) &&
      !/^(debug_|trace_|ignore_|zero_|fsync|allow_)/.test(name),
  );
  const chosen = Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
    const [name, text] = known[Math.floor(random() * known.length)] ?? ['work_mem', ''];
    const choices = (/choices=(\S+)/.exec(text)?.[1] ?? 'on|off').replaceAll('+', ' ').split('|');
    return [name, choices[Math.floor(random() * choices.length)] ?? 'on'] as const;
  });
  const wrong =
    isHostile && random() < 0.3
      ? { [oneOf(['wrok_mem', 'a\nb', 'work_mem'], random)]: oneOf(hostile, random) }
      : {};
  return { ...Object.fromEntries(chosen), work_mem: oneOf(['4MB', '1GB', 8192], random), ...wrong };
}

/** A value for a declared variable; by itself, and beside others, it may be wrong. */
export function randomValue(declaration: Declaration, choice: Choice): unknown {
  const { random } = choice;
  const { name, type, format, choices, minimum = 0, maximum = minimum + 1000 } = declaration;
  if (choice.hostile && random() < 0.15) return oneOf(hostile, random);
  if (choices) return oneOf(choices as [string, ...string[]], random);
  const text = () =>
    format ? oneOf(ofFormat[format], random) : oneOf(['a', 'ab-1', 'x_y.z', '1h', ...hostile], random);
  switch (type) {
    case 'boolean':
      return random() < 0.5;
    case 'integer':
    case 'number': {
      const within = minimum + Math.floor(random() * Math.min(maximum - minimum, 3000));
      return choice.hostile && random() < 0.2
        ? oneOf([minimum - 1, maximum + 1, minimum, maximum], random)
        : within;
    }
    case 'list': {
      const item = name === 'postgres_hba_extra' ? lines : name === 'postgres_initdb' ? options : undefined;
      return Array.from({ length: Math.floor(random() * 3) }, () => (item ? oneOf(item, random) : text()));
    }
    case 'map':
      if (name === 'postgres_parameters') return parameters(choice);
      if (name === 'patroni_tags') return oneOf(tags, random);
      return name === 'patroni_dcs_extra' ? oneOf(settings, random) : { a: text() };
    default:
      return text();
  }
}
