// rmcp, the official Rust SDK; tools/interop.sh builds the server.
import { fileURLToPath } from 'node:url';
import { modern, stateful, stateless } from './eras.mjs';
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
});

// It serves all revisions at one address.
const legacy = { config: { protocolVersion: 'legacy' } };

export default [
  { name: 'rmcp, stateful', ...stateful, ...peer('stateful'), ...legacy },
  { name: 'rmcp, stateless', ...stateless, ...peer('stateless'), ...legacy },
  { name: 'rmcp, modern', ...modern, ...peer('stateful') },
];
