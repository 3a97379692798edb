// The import direction of docs/architecture.md: each layer may import itself (where it has parts that know
// each other) and the layers before it.
const layers = [
  ['core'],
  ['shell', 'plan', 'vars', 'facts', 'clients'],
  ['transport', 'modules', 'config'],
  ['engine'],
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

const only = (library, folder) => ({
  name: `${library}-only-in-${folder}`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^src/${folder}/` },
  to: { path: `node_modules/(@types/)?${library}/` },
});

module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unresolved', severity: 'error', from: { path: '^src/' }, to: { couldNotResolve: true } },
    {
      name: 'modules-are-islands',
      severity: 'error',
      from: { path: '^src/modules/([^/]+)/' },
      to: { path: '^src/modules/[^/]+/', pathNot: '^src/modules/$1/' },
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
