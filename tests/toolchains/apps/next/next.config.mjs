const root = import.meta.dirname;

// The projects lie inside another one, which Next would take for a workspace.
export default {
  output: (process.env.STANDALONE && 'standalone') || (process.env.EXPORT && 'export'),
  basePath: process.env.EXPORT && '/app',
  outputFileTracingRoot: root,
  turbopack: { root },
};
