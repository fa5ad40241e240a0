// The official TypeScript SDK v2, in the revisions with sessions, without them, and in the one that knows none.
import { fileURLToPath } from 'node:url';
import { ownTools } from './own-tools.mjs';
import { npmVersion } from './versions.mjs';

const entry = fileURLToPath(new URL('../sdk-v2-server/server.mjs', import.meta.url));

const peer = (mode) => ({
  quick: true,
  version: () => npmVersion('@modelcontextprotocol/server'),
  program: ({ port, journal }) => ({ args: [entry, '--port', String(port), '--mode', mode], env: { JOURNAL: journal } }),
  tools: ownTools,
  notifies: 'notifications/message',
});

export default [
  { name: 'TypeScript SDK v2, stateful', ...peer('stateful'), kind: 'stateful', protocolVersion: '2025-11-25' },
  {
    name: 'TypeScript SDK v2, stateless', ...peer('stateless'), kind: 'stateless', protocolVersion: '2025-11-25', config: { protocolVersion: 'legacy' },
    missing: { 'session lost': 'there is no session to lose' },
  },
  {
    name: 'TypeScript SDK v2, modern', ...peer('modern'), kind: 'modern', ...onSubscription,
    notYet: '2026-07-28 is not spoken yet',
    missing: { 'session lost': 'there is no session to lose' },
  },
];
