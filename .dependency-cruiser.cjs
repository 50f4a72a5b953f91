// The layer rule of ARCHITECTURE.md: a folder of src imports only folders of lower layers.
const layers = [
  ['kernel'],
  ['config', 'db', 'embedded'],
  ['event', 'table'],
  ['pgq', 'londiste', 'install'],
  ['ticker', 'replay', 'copy', 'compare', 'setup', 'library'],
  ['daemon'],
  ['demo'],
  ['cli'],
];

const rules = layers.flatMap((folders, layer) =>
  folders.map((folder) => {
    const lower = layers.slice(0, layer).flat();
    const allowed = [folder, ...lower].join('|');
    return {
      name: `layer-${layer}-${folder}`,
      comment: `src/${folder} (layer ${layer}) may import only: ${allowed}`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: '^src/', pathNot: `^src/(${allowed})/` },
    };
  }),
);

module.exports = {
  forbidden: [
    ...rules,
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'driver-only-in-db',
      comment: 'src/db is the only importer of the driver',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/db/' },
      to: { path: 'node_modules/(@types/)?(pg|pg-copy-streams)/' },
    },
    {
      name: 'known-folder',
      comment: 'every file of src lies in a folder that has a layer',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(${layers.flat().join('|')})/` },
      to: {},
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
    doNotFollow: { path: 'node_modules' },
  },
};
