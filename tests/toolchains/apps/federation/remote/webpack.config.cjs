const { ModuleFederationPlugin } = require('@module-federation/enhanced/webpack');

module.exports = {
  mode: 'production',
  entry: './index.js',
  output: { publicPath: 'auto', uniqueName: 'remote' },
  plugins: [
    new ModuleFederationPlugin({
      name: 'remote',
      filename: 'remoteEntry.js',
      exposes: { './page': './page.js' },
      shared: { 'mcp-tether': { singleton: true } },
      dts: false,
    }),
  ],
};
