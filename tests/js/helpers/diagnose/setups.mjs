// Servers as people set them up, each with one mistake, and the fix that the doctor has to put first. `topic` names the section of docs/fixes.md.
import { randomUUID } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import express from 'express';
import { serving } from './broken-servers.mjs';
import { json, page, words } from './replies.mjs';

const nginx = (title) => `<html><head><title>${title}</title></head><body><h1>${title}</h1><hr>nginx</body></html>`;

/** The Express server of the SDK's guide. */
function guide(app, isInitialize = ({ body }) => isInitializeRequest(body)) {
  const transports = new Map();
  app.post('/mcp', async (request, response) => {
    let transport = transports.get(request.headers['mcp-session-id']);
    if (!transport) {
      if (!isInitialize(request)) {
        const error = { code: -32000, message: 'Bad Request: No valid session ID provided' };
        return response.status(400).json({ jsonrpc: '2.0', error, id: null });
      }
      transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => transports.set(id, transport),
      });
      await new McpServer({ name: 'notes', version: '1.0.0' }).connect(transport);
    }
    return transport.handleRequest(request, response, request.body);
  });
  // Errors are part of the test, and Express prints them.
  return app.use((error, _request, response, _next) =>
    response
      .status(500)
      .type('html')
      .send(`<pre>${String(error).replaceAll("'", '&#39;')}</pre>`),
  );
}

/** A healthy server at some paths, and `other` at all others. */
export const at =
  (paths, other, serve = serving(() => undefined)) =>
  (request, response) =>
    (paths.includes(request.url) ? serve : other)(request, response);

const oldSse = (_request, response) =>
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('event: endpoint\ndata: /messages\n\n');

const onNotification = (answer) =>
  serving(({ request, response, message }) =>
    request.method === 'POST' && message?.method && message.id === undefined ? answer(response) : undefined,
  );

/** Replicas that take turns, each with sessions of its own. */
function replicas() {
  const each = [serving(() => undefined), serving(() => undefined)];
  let turn = 0;
  return (request, response) => each[turn++ % 2](request, response);
}

const parse = /^Parse JSON bodies before the route, app\.use\(express\.json\(\)\)/;
const tls = /^Use https:\/\/ in the URL: this port expects TLS/;
const host = /^Add 127\.0\.0\.1:\d+ to the allowed hosts of the server/;
const login = /^Exclude this path from the login page in front of the server/;
export const there = (path) =>
  new RegExp(`^Correct the path of the URL: http://127\\.0\\.0\\.1:\\d+${path} answers as an MCP endpoint does`);

export const setups = {
  'Express without a body parser': { serve: guide(express()), first: parse, topic: 'parser' },
  'Express with a parser of forms alone': {
    serve: guide(express().use(express.urlencoded({ extended: true }))),
    first: parse,
    topic: 'parser',
  },
  'Express without a body parser, and a handler that needs one': {
    serve: guide(express(), ({ body }) => body.method === 'initialize'),
    first: parse,
    topic: 'parser',
  },
  'http redirected to https': {
    serve: ({ url }, response) => response.writeHead(301, { Location: `https://127.0.0.1${url}` }).end(),
    first: /^Use https:\/\/ in the URL, https:\/\/127\.0\.0\.1\/mcp, to which http:\/\/ is redirected/,
  },
  'a host redirected to another one': {
    serve: ({ url }, response) => response.writeHead(308, { Location: `https://www.mcp.example${url}` }).end(),
    first: /^Configure https:\/\/www\.mcp\.example\/mcp, to which the server redirects/,
  },
  'plain http at a port of nginx with TLS': {
    serve: page(400, nginx('400 The plain HTTP request was sent to HTTPS port')),
    first: tls,
  },
  'plain http at a port of Go with TLS': {
    serve: words(400, 'Client sent an HTTP request to an HTTPS server.\n'),
    first: tls,
  },
  'the server is at /api/mcp': {
    serve: at(['/api/mcp'], json(404, { detail: 'Not Found' })),
    first: there('/api/mcp'),
  },
  'the server is at /, the configured path serves an application': {
    serve: at(['/'], page(200, '<title>App</title><div id="root"></div>')),
    first: there('/'),
  },
  'the server is at /mcp/, without a redirect': {
    serve: at(['/mcp/'], words(404, 'Not Found')),
    first: there('/mcp/'),
  },
  'HTTP+SSE of 2024-11-05 at /sse': {
    serve: at(['/sse'], words(404, 'Cannot POST /mcp'), oldSse),
    first: there('/sse'),
  },
  'a login page with status 200': {
    serve: page(200, '<title>Acme</title><form method="post"><input name="user"><input type="password"></form>'),
    first: login,
  },
  'a login page with a script': {
    serve: page(200, '<title>Sign in - Acme</title><div id="root"></div>'),
    first: login,
  },
  'nginx, and nothing behind it': {
    serve: page(502, nginx('502 Bad Gateway')),
    first: /^Start the server, or correct its address in the configuration of the proxy/,
  },
  'nginx that gives up': {
    serve: page(504, nginx('504 Gateway Time-out')),
    first: /^Check why the server does not answer, or raise the timeout of the proxy \(nginx: proxy_read_timeout\)/,
  },
  'a firewall rule of Cloudflare': {
    serve: words(403, 'error code: 1020', { Server: 'cloudflare' }),
    first: /^Allow MCP clients on this path in the firewall rules of Cloudflare/,
  },
  'a host that Starlette does not trust': { serve: words(400, 'Invalid host header'), first: host, topic: 'host' },
  'a host that Django does not allow': {
    serve: page(400, "<title>DisallowedHost at /mcp</title>Invalid HTTP_HOST header: 'mcp.example'."),
    first: host,
    topic: 'host',
  },
  'a host that Vite does not allow': {
    serve: words(403, 'Blocked request. This host ("mcp.example") is not allowed.'),
    first: host,
    topic: 'host',
  },
  'a media type with a charset that is refused': {
    serve: (request, response) =>
      // The proxy in front of it has added the charset.
      words(415, 'Unsupported Media Type: application/json; charset=utf-8')(request, response),
    first:
      /^Look for a proxy that changes the Content-Type header \(application\/json was sent\), or accept it with a charset/,
  },
  'FastMCP mounted without its lifespan': {
    serve: words(500, 'RuntimeError: Task group is not initialized. Make sure to use run().'),
    first: /^Run the session manager with the application: lifespan=/,
  },
  'replicas that take turns': {
    serve: replicas(),
    first: /^Store sessions where every replica can read them, or route each session to its replica/,
  },
  'notifications that are answered with a body': {
    serve: onNotification((response) =>
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"jsonrpc":"2.0","result":{}}'),
    ),
    first: /^Answer notifications with 202 and no body/,
    isUsable: true,
  },
  'routes of Next.js without GET and DELETE': {
    serve: serving(({ request, response }) =>
      request.method === 'POST' ? undefined : response.writeHead(405, { Allow: 'POST' }).end(),
    ),
    isUsable: true,
  },
};
