// The official reference server, as published. Its tools are its own: the long-running one stands for a tool that must
// not run twice.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { httpSse, stateful } from './eras.mjs';
import { npmVersion } from './versions.mjs';

const name = '@modelcontextprotocol/server-everything';
const entry = join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'dist', 'index.js');
const preloads = ['../journal-preload.mjs', '../../js/servers/proxy/reference-server-preload.mjs'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

const long = 'trigger-long-running-operation';
const tools = {
  echo: { name: 'echo', arguments: { message: 'hello' }, answers: 'Echo: hello' },
  progress: { name: long, arguments: { duration: 0.1, steps: 3 } },
  slow: { name: long, arguments: { duration: 30, steps: 1 } },
  count: { name: long, arguments: { duration: 0.01, steps: 1 } },
  notify: { name: 'toggle-simulated-logging', arguments: {} },
};

const peer = (transport) => ({
  quick: true,
  version: () => npmVersion(name),
  program: ({ port, journal }) => ({
    args: [...preloads.flatMap((path) => ['--import', path]), entry, transport],
    env: { PORT: String(port), JOURNAL: journal, UNSAFE: long },
  }),
  tools,
  notifiesOnStream: true,
});

export default [
  { name: 'reference server', ...stateful, ...peer('streamableHttp') },
  { name: 'reference server, HTTP+SSE', ...httpSse, ...peer('sse') },
];
