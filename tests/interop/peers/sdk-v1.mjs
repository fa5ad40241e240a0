// The official TypeScript SDK v1: the server that the other tests use.
import { fileURLToPath } from 'node:url';
import { stateful, stateless } from './eras.mjs';
import { npmVersion } from './versions.mjs';

const preload = fileURLToPath(new URL('../journal-preload.mjs', import.meta.url));
const entry = fileURLToPath(new URL('../../js/servers/sdk-server.mjs', import.meta.url));

const tools = {
  echo: { name: 'echo', arguments: { text: 'hello' }, answers: 'hello' },
  progress: { name: 'slow', arguments: { ms: 60 } },
  slow: { name: 'slow', arguments: { ms: 30_000 } },
  count: { name: 'increment', arguments: {} },
  notify: { name: 'notify', arguments: {} },
};

const peer = (...words) => ({
  quick: true,
  version: () => npmVersion('@modelcontextprotocol/sdk'),
  program: ({ port, journal }) => ({
    args: ['--import', preload, entry, '--port', String(port), ...words],
    env: { JOURNAL: journal },
  }),
  tools,
  notifiesOnStream: true,
});

export default [
  { name: 'TypeScript SDK v1, stateful', ...stateful, ...peer() },
  {
    name: 'TypeScript SDK v1, stateful, JSON answers',
    ...stateful,
    ...peer('--json-response'),
    missing: { progress: 'an answer in JSON has no room for progress' },
  },
  {
    name: 'TypeScript SDK v1, stateless',
    ...stateless,
    ...peer('--mode', 'stateless'),
    missing: {
      ...stateless.missing,
      notification: 'this server sends notifications on the stream of a session, and has none',
    },
  },
];
