// The official TypeScript SDK v2, in the revisions with sessions, without them, and in the one that has none.
import { fileURLToPath } from 'node:url';
import { modern, stateful, stateless } from './eras.mjs';
import { ownTools } from './own-tools.mjs';
import { npmVersion } from './versions.mjs';

const entry = fileURLToPath(new URL('../sdk-v2-server/server.mjs', import.meta.url));

const peer = (mode) => ({
  quick: true,
  version: () => npmVersion('@modelcontextprotocol/server'),
  program: ({ port, journal }) => ({
    args: [entry, '--port', String(port), '--mode', mode],
    env: { JOURNAL: journal },
  }),
  tools: ownTools,
});

export default [
  { name: 'TypeScript SDK v2, stateful', ...stateful, ...peer('stateful') },
  { name: 'TypeScript SDK v2, stateless', ...stateless, ...peer('stateless'), config: { protocolVersion: 'legacy' } },
  { name: 'TypeScript SDK v2, modern', ...modern, ...peer('modern') },
];
