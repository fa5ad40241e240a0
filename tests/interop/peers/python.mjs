// The official Python SDK, 1.x and 2.x; tools/setup.sh python installs both.
import { fileURLToPath } from 'node:url';
import { httpSse, modern, stateful, stateless } from './eras.mjs';
import { ownTools } from './own-tools.mjs';
import { pythonVersion } from './versions.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

const peer = (major, mode) => ({
  version: () => pythonVersion(at(`../python-server/sdk-v${major}.txt`)),
  program: ({ port, journal }) => ({
    program: at(`../../../.tools/python/sdk-v${major}/bin/python`),
    args: [at('../python-server/server.py'), String(port), mode],
    env: { JOURNAL: journal },
  }),
  tools: ownTools,
});

// Version 2.x serves all revisions at one address.
const legacy = { config: { protocolVersion: 'legacy' } };

export default [
  { name: 'Python SDK v1, stateful', ...stateful, ...peer(1, 'stateful') },
  { name: 'Python SDK v1, stateless', ...stateless, ...peer(1, 'stateless') },
  { name: 'Python SDK v1, HTTP+SSE', ...httpSse, ...peer(1, 'sse') },
  { name: 'Python SDK v2, stateful', ...stateful, ...peer(2, 'stateful'), ...legacy },
  { name: 'Python SDK v2, stateless', ...stateless, ...peer(2, 'stateless'), ...legacy },
  { name: 'Python SDK v2, modern', ...modern, ...peer(2, 'stateful') },
];
