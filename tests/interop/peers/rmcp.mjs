// rmcp, the official Rust SDK; tools/interop.sh builds the server.
import { fileURLToPath } from 'node:url';
import { ownTools } from './own-tools.mjs';
import { crateVersion } from './versions.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

const peer = (mode) => ({
  version: () => crateVersion(at('../rmcp-server/Cargo.lock'), 'rmcp'),
  program: ({ port, journal }) => ({
    program: at('../../../target/interop/debug/interop-rmcp-server'),
    args: [String(port), mode],
    env: { JOURNAL: journal },
  }),
  tools: ownTools,
  notifies: 'notifications/message',
  protocolVersion: '2025-11-25',
});

const noSession = { 'session lost': 'there is no session to lose' };

export default [
  { name: 'rmcp, stateful', ...peer('stateful'), kind: 'stateful', config: { protocolVersion: 'legacy' } },
  { name: 'rmcp, stateless', ...peer('stateless'), kind: 'stateless', config: { protocolVersion: 'legacy' }, missing: noSession },
  {
    name: 'rmcp, modern', ...peer('stateful'), kind: 'modern', ...onSubscription,
    notYet: '2026-07-28 is not spoken yet',
    missing: noSession,
  },
];
