export default {
  entry: 'library.js',
  outDir: 'library',
  platform: 'browser',
  deps: { alwaysBundle: ['mcp-tether'] },
  copy: ['node_modules/mcp-tether/mcp_tether_bg.wasm'],
};
