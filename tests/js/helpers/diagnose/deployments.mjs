// Deployments as people describe them in public: functions, load balancers, tunnels and ports that answer for a server, or change its messages. Each with
// the fix that the doctor has to put first. `isUsable`: this client works with it, so that the doctor only advises.
import { randomUUID } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import express from 'express';
import { initializeResult } from '../../servers/faults/healthy.mjs';
import { sendJson } from '../../servers/shared/messages.mjs';
import { answering, onInitialize, text } from './answering.mjs';
import { serving } from './broken-servers.mjs';
import { json, page, words } from './replies.mjs';
import { at, there } from './setups.mjs';

const cloudflare = { Server: 'cloudflare' };

/** As the SDK for TypeScript refuses a request without an id. */
const noId = (response) => {
  const error = { code: -32000, message: 'Bad Request: Mcp-Session-Id header is required' };
  return sendJson(response, 400, { jsonrpc: '2.0', id: null, error }) ?? null;
};

/** A healthy server behind a proxy that drops the id from what passes it. */
const withoutIds = (direction) =>
  serving(({ response, message, id }) => {
    if (direction === 'requests') return id ? noId(response) : undefined;
    if (message?.method === 'initialize')
      return sendJson(response, 200, { jsonrpc: '2.0', id: message.id, result: initializeResult({ message }) }) ?? null;
    return message?.method === 'server/discover' ? undefined : noId(response);
  });

/** A server that has tools. */
const withTools = (tools, write = text, headers = undefined) =>
  answering((message, method) => {
    if (method === 'initialize') message.result.capabilities = { tools: {} };
    return write(method === 'tools/list' ? { ...message, result: { tools } } : message);
  }, headers);

const longTool = { name: 'long', description: 'words '.repeat(200_000), inputSchema: { type: 'object' } };

/** The handler of the SDK's guide for servers without sessions, with ids. */
function transportPerRequest() {
  const app = express().use(express.json());
  app.all('/mcp', async (request, response) => {
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID });
    await new McpServer({ name: 'notes', version: '1.0.0' }).connect(transport);
    await transport.handleRequest(request, response, request.body);
  });
  return app;
}

/** Replicas behind a load balancer that keeps clients apart by a cookie. */
function affinity() {
  const each = [serving(() => undefined), serving(() => undefined)];
  let turn = 0;
  return (request, response) => {
    const [, chosen] = /AWSALB=(\d)/.exec(request.headers.cookie ?? '') ?? [];
    const replica = chosen ?? turn++ % 2;
    response.setHeader('Set-Cookie', `AWSALB=${replica}; Path=/`);
    each[replica](request, response);
  };
}

const bots = /^Exclude this path from the bot protection in front of the server/;
const tunnel = /^Start the tunnel and the server behind it/;
const login = /^Pass credentials: an Authorization header/;
const dropped = /^Let what is in front of the server pass Mcp-Session-Id on, in requests and responses/;
const supabase = /^Deploy the function with --no-verify-jwt, or pass a key of the project/;
const unknownCaller = /^Allow requests without credentials, or pass some/;
const form = /^Exclude this path from the login page in front of the server/;
const wrapped = /^Return the JSON-RPC message itself as the body/;

export const deployments = {
  'a list of tools of 1.2 MB, as JSON': { serve: withTools([longTool]), isUsable: true, wait: 30_000 },
  'a list of tools of 1.2 MB, as an event': {
    serve: withTools([longTool], (message) => `data: ${text(message)}\r\n\r\n`, {
      'Content-Type': 'text/event-stream',
    }),
    isUsable: true,
    wait: 30_000,
  },
  'a list of tools that is longer than a client reads': {
    serve: withTools([{ ...longTool, description: 'words '.repeat(3_000_000) }]),
    first: /^Shorten the response: it has more than 16777216 characters/,
    wait: 30_000,
  },
  'port 5000 of macOS': {
    serve: words(403, '', { Server: 'AirTunes/870.14.1' }),
    first: /^Move the server to another port/,
  },
  'a tunnel with a page of warnings (localtunnel)': {
    serve: page(511, '<title>Tunnel website ahead!</title><code>bypass-tunnel-reminder</code>'),
    first: /^Send the header bypass-tunnel-reminder/,
  },
  'a tunnel of Cloudflare that is not running': { serve: page(530, 'error code: 1033', cloudflare), first: tunnel },
  'an origin of Cloudflare without a DNS record': { serve: page(530, 'error code: 1016', cloudflare), first: tunnel },
  'a limit of rates of Cloudflare': { serve: page(429, 'error code: 1015', cloudflare), first: /^Try again later/ },
  'CloudFront without POST': {
    serve: page(
      403,
      'This distribution is not configured to allow the HTTP request method that was used for this request.',
    ),
    first: /^Allow all HTTP methods in the behavior of CloudFront/,
  },
  'a challenge of Vercel': {
    serve: page(429, '<title>Vercel Security Checkpoint</title>', { 'x-vercel-mitigated': 'challenge' }),
    first: bots,
  },
  'a challenge of AWS WAF': { serve: words(202, '', { 'x-amzn-waf-action': 'challenge' }), first: bots },
  'an endpoint that has moved (410)': {
    serve: at(['/api/mcp'], words(410, 'SSE is no longer supported')),
    first: there('/api/mcp'),
  },
  'a missing token that is answered with 403 (FastAPI)': {
    serve: json(403, { detail: 'Not authenticated' }),
    first: login,
  },
  'a missing token that is answered with 403 (Django)': {
    serve: json(403, { detail: 'Authentication credentials were not provided.' }),
    first: login,
  },
  'a missing token that is answered with 400': {
    serve: json(400, { error: 'Missing Authorization header' }),
    first: login,
  },
  'a missing token that is answered with 200': {
    serve: answering(({ id }) => text({ jsonrpc: '2.0', id, error: { code: -32001, message: 'Unauthorized' } })),
    first: login,
  },
  'a missing key that is answered with 200': {
    serve: answering(({ id }) => text({ jsonrpc: '2.0', id, error: { code: -32000, message: 'Missing API key' } })),
    first: /^Pass the key that the server asks for/,
  },
  'a function of Supabase that verifies tokens': {
    serve: json(401, { code: 401, message: 'Missing authorization header' }),
    first: supabase,
  },
  'a function of Supabase that verifies tokens, with the new codes': {
    serve: json(401, { code: 'UNAUTHORIZED_NO_AUTH_HEADER', message: 'Missing authorization header' }),
    first: supabase,
  },
  'a service of Cloud Run that only members call': {
    serve: page(
      403,
      '<title>403 Forbidden</title><h1>Error: Forbidden</h1>Your client does not have permission to get URL',
    ),
    first: unknownCaller,
  },
  'a function URL of Lambda with IAM': {
    serve: json(403, { Message: 'Forbidden. For troubleshooting Function URL authorization issues, see: …' }),
    first: unknownCaller,
  },
  'a policy of Istio': { serve: words(403, 'RBAC: access denied', { Server: 'istio-envoy' }), first: unknownCaller },
  "Spring Security's defaults": {
    serve: json(403, { timestamp: '2026-01-01T00:00:00.000+00:00', status: 403, error: 'Forbidden', path: '/mcp' }),
    first: unknownCaller,
  },
  'an app of Azure that is stopped': {
    serve: page(403, '<title>Web App - Unavailable</title><h1>Error 403 - This web app is stopped.</h1>'),
    first: /^Deploy or start the server, or correct the host name/,
  },
  "Google's proxy that knows who asks": {
    serve: words(401, 'Invalid IAP credentials: empty token', { 'x-goog-iap-generated-response': 'true' }),
    first: form,
  },
  'the sign-in page of oauth2-proxy': {
    serve: page(403, '<title>Sign In</title><button type="submit">Sign in with OpenID Connect</button>'),
    first: form,
  },
  'the start of a login at the same origin (Authentik)': {
    serve: (_request, response) =>
      response.writeHead(302, { Location: '/outpost.goauthentik.io/start?rd=https%3A%2F%2Fmcp.example%2Fmcp' }).end(),
    first: /^Exclude this path from the login that redirects it, or configure the URL that the redirect points to/,
  },
  'rules of mod_security': {
    serve: page(406, '<title>Not Acceptable!</title>This error was generated by Mod_Security.', { Server: 'Apache' }),
    first: bots,
  },
  'a challenge of Imperva': {
    serve: page(200, '<html><head><script src="/_Incapsula_Resource?SWJIYLWA=1"></script></head></html>'),
    first: bots,
  },
  'rules of Akamai': {
    serve: page(403, '<TITLE>Access Denied</TITLE>You do not have permission to access', { Server: 'AkamaiGHost' }),
    first: bots,
  },
  'a workflow of n8n that is not active': {
    serve: json(404, { code: 404, message: 'The requested webhook "POST mcp" is not registered.' }),
    first: /^Activate the workflow, or correct the path of the URL/,
  },
  'an application of Gradio': {
    serve: at(['/gradio_api/mcp/'], json(404, { detail: 'Not Found' })),
    first: there('/gradio_api/mcp/'),
  },
  'a message that is encoded twice': { serve: answering((message) => text(text(message))), first: wrapped },
  'a message in the envelope of Lambda': {
    serve: answering((message) => text({ statusCode: 200, headers: {}, body: text(message) })),
    first: wrapped,
  },
  'a proxy that drops the id of requests': { serve: withoutIds('requests'), first: dropped },
  'a proxy that drops the id of responses': { serve: withoutIds('responses'), first: dropped },
  'a transport for each request': {
    serve: transportPerRequest(),
    first: /^Store a transport for each session/,
    topic: 'transport',
  },
  'replicas that a cookie chooses': {
    serve: affinity(),
    first: /^Choose the replica by Mcp-Session-Id, not by the cookie AWSALB/,
  },
  'tools that are null (Go)': {
    serve: withTools(null),
    first: /^Answer tools\/list with an array of tools/,
    isUsable: true,
  },
  'a tool without the type of its input': {
    serve: withTools([{ name: 'add', inputSchema: {} }]),
    first: /^Give every tool an inputSchema with "type": "object".*"add"/,
    isUsable: true,
  },
  'a result of initialize without serverInfo': {
    serve: answering(
      onInitialize(({ id, result: { protocolVersion } }) => text({ jsonrpc: '2.0', id, result: { protocolVersion } })),
    ),
    first: /^Add capabilities and serverInfo to the result of initialize/,
    isUsable: true,
  },
};
