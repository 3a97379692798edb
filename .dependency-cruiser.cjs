// The import direction of docs/architecture.md: each layer may import itself (where it has parts that know
// each other) and the layers before it.
const layers = [
  ['core'],
  ['shell', 'plan', 'vars', 'facts', 'clients'],
  ['transport', 'modules', 'config'],
  ['engine'],
  ['components'],
  ['cluster', 'output'],
  ['actions', 'lab'],
  ['cli'],
];

const upward = layers.flatMap((folders, level) =>
  folders.map((folder) => ({
    name: `${folder}-imports-upward`,
    severity: 'error',
    from: { path: `^src/${folder}/` },
    to: {
      path: `^src/(${layers
        .slice(level + 1)
        .flat()
        .concat('none')
        .join('|')})/`,
    },
  })),
);

// The engine's rooms and the files beside them: each may import those before it.
const rooms = [
  ['events.ts'],
  ['hosts/'],
  ['journal/'],
  ['tasks/'],
  ['run-options.ts', 'run-context.ts'],
  ['planning/'],
  ['applying/'],
  ['drift/'],
  ['recap.ts', 'run.ts'],
];

const intoLaterRooms = rooms.slice(0, -1).flatMap((parts, level) =>
  parts.map((part) => ({
    name: `engine-${part.replace(/\W.*/, '')}-imports-a-later-room`,
    severity: 'error',
    from: { path: `^src/engine/${part}` },
    to: {
      path: `^src/engine/(${rooms
        .slice(level + 1)
        .flat()
        .join('|')})`,
    },
  })),
);

const only = (library, folder) => ({
  name: `${library}-only-in-${folder}`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^src/${folder}/` },
  to: { path: `node_modules/(@types/)?${library}/` },
});

module.exports = {
  forbidden: [
    ...upward,
    ...intoLaterRooms,
    {
      name: 'engine-file-without-a-room',
      severity: 'error',
      from: {},
      to: { path: '^src/engine/', pathNot: `^src/engine/(${rooms.flat().join('|')})` },
    },
    // Imports of types count: who reads one file of a circle has to read them all.
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-cycles-of-folders', scope: 'folder', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: { path: '^src/' }, to: { couldNotResolve: true } },
    {
      name: 'modules-are-islands',
      severity: 'error',
      from: { path: '^src/modules/([^/]+)/' },
      to: { path: '^src/modules/[^/]+/', pathNot: '^src/modules/$1/' },
    },
    {
      name: 'components-are-islands',
      severity: 'error',
      from: { path: '^src/components/([^/]+)/' },
      to: { path: '^src/components/[^/]+/', pathNot: '^src/components/$1/' },
    },
    only('node-ssh', 'transport'),
    only('ssh2', 'transport'),
    only('yaml', 'config'),
    only('handlebars', 'vars'),
    only('listr2', 'output'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
