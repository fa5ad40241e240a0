// Servers of frameworks, and bridges from stdio to HTTP, written as their READMEs show. tools/interop.sh installs them.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { httpSse, modern, stateful, stateless } from './eras.mjs';
import { ownTools } from './own-tools.mjs';
import { npmVersion, pythonVersion } from './versions.mjs';

const at = (path) => fileURLToPath(new URL(`../frameworks/${path}`, import.meta.url));
// Some of them need Node 22.
const node = () => createRequire(import.meta.url).resolve('node-22/bin/node');

const run = (args, { journal }) => ({
  program: node(),
  args: ['--import', at('handshakes.mjs'), ...args],
  env: { JOURNAL: journal },
});

/** A server in a file of its own. */
const framework = (name, file, era, mode = '') => ({
  ...era,
  version: () => npmVersion(name, at('package-lock.json')),
  program: (place) => run([at(file), String(place.port), mode], place),
  tools: ownTools,
});

/** A server in Python, in an environment of its own. */
const python = (name, file) => ({
  version: () => pythonVersion(at(`../python-server/${name}.txt`), name),
  program: ({ port, journal }) => ({
    program: at(`../../../.tools/python/${name}/bin/python`),
    args: [at(file), String(port)],
    env: { JOURNAL: journal },
  }),
  tools: ownTools,
});

/** The command of a package, in front of a server that speaks stdio. */
const bridge = (name, command, era, words) => ({
  ...era,
  version: () => npmVersion(name, at('package-lock.json')),
  program: (place) => run([at(`node_modules/${name}/${command}`), ...words(String(place.port))], place),
  tools: ownTools,
});

const stdio = at('stdio.mjs');
const supergateway = (era, ...words) =>
  bridge('supergateway', 'dist/index.js', era, (port) => ['--stdio', `${node()} ${stdio}`, '--port', port, ...words]);
const mcpProxy = (era, ...words) =>
  bridge('mcp-proxy', 'dist/bin/mcp-proxy.mjs', era, (port) => ['--port', port, ...words, '--', node(), stdio]);
const http = ['--outputTransport', 'streamableHttp', '--streamableHttpPath', '/mcp'];

const oneSession = 'its transport serves one session, and none after that';
const anyId = 'the server takes any session id';
const hono = { ...stateful, missing: { 'session lost': oneSession, terminate: oneSession } };
const noDelete = 'the server does not end sessions: DELETE is answered 405';
const effect = { ...stateful, missing: { 'session lost': noDelete, terminate: noDelete } };
/** Those of frameworks that write a text as JSON. */
const quoted = { ...ownTools, echo: { ...ownTools.echo, answers: '"hello"' } };
const fastmcp = python('fastmcp', 'server.py');
const django = { ...stateful, keepsSessions: true, ...python('django-mcp-server', 'django_server.py') };
const old = { protocolVersion: '2025-03-26' };
const mcpLite = { ...stateful, ...old, takesAnyId: true, missing: { 'session lost': anyId, terminate: anyId } };

export default [
  { name: 'FastMCP for Python', ...modern, ...fastmcp },
  { name: 'FastMCP for Python, with sessions', ...stateful, ...fastmcp, config: { protocolVersion: 'legacy' } },
  { name: 'FastAPI-MCP', ...stateful, ...python('fastapi-mcp', 'fastapi_server.py'), tools: quoted },
  { name: 'Django MCP Server', ...django },
  { name: 'Litestar', ...modern, ...python('litestar-mcp', 'litestar_server.py') },
  { name: 'FastMCP for TypeScript', ...framework('fastmcp', 'fastmcp.mjs', stateful, 'stateful') },
  { name: 'FastMCP for TypeScript, stateless', ...framework('fastmcp', 'fastmcp.mjs', stateless) },
  { name: 'Hono', ...framework('@hono/mcp', 'hono.mjs', hono, 'stateful') },
  { name: 'Hono, stateless', ...framework('@hono/mcp', 'hono.mjs', stateless) },
  { name: 'Fastify', ...framework('fastify-mcp', 'fastify.mjs', stateful, 'stateful') },
  { name: 'Fastify, stateless', ...framework('fastify-mcp', 'fastify.mjs', stateless) },
  { name: 'mcp-lite', ...framework('mcp-lite', 'mcp-lite.mjs', mcpLite, 'stateful') },
  { name: 'mcp-lite, stateless', ...framework('mcp-lite', 'mcp-lite.mjs', { ...stateless, ...old }) },
  { name: 'tmcp', ...framework('tmcp', 'tmcp.mjs', modern) },
  { name: 'NestJS', ...framework('@rekog/mcp-nest', 'nest.mjs', modern) },
  { name: 'Mastra', ...framework('@mastra/mcp', 'mastra.mjs', modern) },
  { name: 'Effect, with sessions', ...framework('effect', 'effect.mjs', effect, 'stateful') },
  { name: 'Effect', ...framework('effect', 'effect.mjs', modern), tools: quoted },
  { name: 'Vercel mcp-handler', ...framework('mcp-handler', 'mcp-handler.mjs', modern) },
  { name: 'supergateway', ...supergateway(stateful, ...http, '--stateful') },
  { name: 'supergateway, stateless', ...supergateway(stateless, ...http) },
  { name: 'supergateway, HTTP+SSE', ...supergateway(httpSse, '--outputTransport', 'sse') },
  { name: 'mcp-proxy', ...mcpProxy(modern) },
  { name: 'mcp-proxy, HTTP+SSE', ...mcpProxy(httpSse) },
];
