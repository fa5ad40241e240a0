const root = import.meta.dirname;

// The projects lie inside another one, which Next would take for a workspace.
export default {
  output: process.env.STANDALONE && 'standalone',
  outputFileTracingRoot: root,
  turbopack: { root },
};
