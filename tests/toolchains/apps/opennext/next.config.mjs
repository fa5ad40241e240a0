const root = import.meta.dirname;

export default { serverExternalPackages: ['mcp-tether'], outputFileTracingRoot: root, turbopack: { root } };
