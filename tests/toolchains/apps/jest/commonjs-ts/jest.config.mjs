// As in docs/toolchains.md.
export default {
  transform: { '^.+\\.[jt]s$': ['ts-jest', { tsconfig: { module: 'commonjs', allowJs: true, target: 'es2022' } }] },
  transformIgnorePatterns: ['/node_modules/(?!mcp-tether/)'],
};
