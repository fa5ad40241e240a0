// The official Python SDK, 1.x and 2.x; tools/setup.sh python installs both.
import { fileURLToPath } from 'node:url';
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
  notifies: 'notifications/message',
  protocolVersion: '2025-11-25',
});

const noSession = { 'session lost': 'there is no session to lose' };

export default [
  { name: 'Python SDK v1, stateful', ...peer(1, 'stateful'), kind: 'stateful' },
  { name: 'Python SDK v1, stateless', ...peer(1, 'stateless'), kind: 'stateless', missing: noSession },
  { name: 'Python SDK v2, stateful', ...peer(2, 'stateful'), kind: 'stateful', config: { protocolVersion: 'legacy' } },
  { name: 'Python SDK v2, stateless', ...peer(2, 'stateless'), kind: 'stateless', config: { protocolVersion: 'legacy' }, missing: noSession },
  {
    name: 'Python SDK v2, modern', ...peer(2, 'stateful'), kind: 'modern', ...onSubscription,
    notYet: '2026-07-28 is not spoken yet',
    missing: noSession,
  },
];
