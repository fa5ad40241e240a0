// Servers of the official SDKs in each framework, as source with slots. A fix of the doctor page goes into one of them, in place of what is there.

const perSession = (name) => `
async function open() {
  const transport = new ${name}({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => transports.set(id, transport),
    onsessionclosed: (id) => transports.delete(id),
  });
  await makeServer().connect(transport);
  return transport;
}
`;

/** One transport for all clients: the first of them has it. */
export const shared = (name) => `
const transport = new ${name}({
  sessionIdGenerator: randomUUID,
  onsessioninitialized: (id) => transports.set(id, transport),
});
await makeServer().connect(transport);
const open = async () => transport;
`;

const server = `
function makeServer() {
  const server = new McpServer({ name: 'notes', version: '1.0.0' });
  server.registerTool('echo', { description: 'Says hello' }, () => ({ content: [{ type: 'text', text: 'hello' }] }));
  return server;
}
`;

const unknown = "{ jsonrpc: '2.0', error: { code: -32001, message: 'Session not found' }, id: null }";

/** A module with `start(port)`, which returns what stops it. */
export function expressApp({
  open = perSession('StreamableHTTPServerTransport'),
  app = 'const app = express();',
  before = '',
  parse = 'app.use(express.json());',
  find = `const transport = transports.get(request.headers['mcp-session-id']);
  if (!transport) return response.status(404).json(${unknown});`,
  handle = 'await transport.handleRequest(request, response, request.body);',
  get = "app.get('/mcp', serve);",
} = {}) {
  return `
import { randomUUID } from 'node:crypto';
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import express from 'express';
const transports = new Map();
${server}
${open}
${app}
${before}
${parse}

async function serve(request, response) {
  if (request.body?.method === 'initialize') {
    const transport = await open();
    return ${handle}
  }
  ${find}
  return ${handle}
}

app.post('/mcp', serve);
app.delete('/mcp', serve);
${get}

export const start = (port) =>
  new Promise((done) => {
    const listening = app.listen(port, '127.0.0.1', () =>
      done(() => {
        listening.close();
        listening.closeAllConnections();
      }),
    );
  });
`;
}

/** The same with Hono, on Node. */
export function honoApp({
  open = perSession('WebStandardStreamableHTTPServerTransport'),
  before = '',
  find = `const transport = transports.get(context.req.header('Mcp-Session-Id'));
  if (!transport) return context.json(${unknown}, 404);`,
  get = "app.get('/mcp', serve);",
} = {}) {
  return `
import { randomUUID } from 'node:crypto';
import { serve as listen } from '@hono/node-server';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { Hono } from 'hono';
const transports = new Map();
${server}
${open}
const app = new Hono();
${before}

async function serve(context) {
  const body = context.req.method === 'POST' ? await context.req.json() : undefined;
  if (body?.method === 'initialize') return (await open()).handleRequest(context.req.raw, { parsedBody: body });
  ${find}
  return transport.handleRequest(context.req.raw, { parsedBody: body });
}

app.post('/mcp', serve);
app.delete('/mcp', serve);
${get}

export const start = (port) =>
  new Promise((done) => {
    const listening = listen({ fetch: app.fetch, port, hostname: '127.0.0.1' }, () =>
      done(() => {
        listening.close();
        listening.closeAllConnections();
      }),
    );
  });
`;
}

/** The part of the Worker that has dependencies; it is bundled. Without sessions: those would need Durable Objects. */
export const workerServer = `
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { WebStandardStreamableHTTPServerTransport as Transport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
${server}
export async function answer(request) {
  const transport = new Transport({ sessionIdGenerator: undefined, enableJsonResponse: true });
  await makeServer().connect(transport);
  return transport.handleRequest(request);
}
`;

/** The Worker itself. */
export function workerApp({
  first = "if (request.method !== 'POST') return new Response(null, { status: 405 });",
  end = 'export default { fetch: handle };',
} = {}) {
  return `
import { answer } from './server.js';

async function handle(request) {
  ${first}
  return request.method === 'POST' ? answer(request) : new Response('Not found', { status: 404 });
}

${end}
`;
}

/** A program, \`app.py PORT\`, that ends with its standard input. */
export function starletteApp({
  mcp = 'mcp = FastMCP("notes")',
  app = 'app = mcp.streamable_http_app()',
  after = '',
} = {}) {
  return `
import os, sys, threading
import uvicorn
from fastapi import FastAPI
from mcp.server.fastmcp import FastMCP
from starlette.applications import Starlette
from starlette.routing import Mount

${mcp}


@mcp.tool()
def echo(text: str) -> str:
    """Answers with the text it was given."""
    return text


${app}
${after}


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
`;
}

/** The configuration of an nginx that does nothing but proxy. */
export function nginxConfiguration({ folder, port, upstream, http = '', location = '', more = '' }) {
  return `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr error;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  ${http}
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${upstream};
      ${location}
    }
    ${more}
  }
}
`;
}
