const { ModuleFederationPlugin } = require('@module-federation/enhanced/webpack');

module.exports = {
  mode: 'production',
  entry: './index.js',
  output: { publicPath: 'auto', uniqueName: 'host' },
  plugins: [
    new ModuleFederationPlugin({
      name: 'host',
      remotes: { remote: `remote@${process.env.REMOTE}/remoteEntry.js` },
      shared: { 'mcp-tether': { singleton: true } },
      dts: false,
    }),
  ],
};
