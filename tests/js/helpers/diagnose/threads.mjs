// Servers that public threads describe, rebuilt: what each answers, and the fix that the doctor has to put first. `thread` is where it was reported.
import { initializeResult } from '../../servers/faults/healthy.mjs';
import { sendJson } from '../../servers/shared/messages.mjs';
import { serving } from './broken-servers.mjs';

const origin = 'https://app.example';
const allowed = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, POST, DELETE',
  'Access-Control-Allow-Headers': 'authorization, content-type, last-event-id, mcp-protocol-version, mcp-session-id',
  'Access-Control-Expose-Headers': 'Mcp-Session-Id, WWW-Authenticate',
};

/** A healthy server with these CORS headers: on all answers, and on those to OPTIONS. */
function corsServer({ all = allowed, preflight = all, status = 204 }) {
  const serve = serving(() => undefined);
  return (request, response) => {
    const headers = request.method === 'OPTIONS' ? preflight : all;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    return request.method === 'OPTIONS' ? response.writeHead(status).end() : serve(request, response);
  };
}

const without = (name) => Object.fromEntries(Object.entries(allowed).filter(([other]) => other !== name));
const words =
  (status, text, headers = {}) =>
  (_request, response) =>
    response.writeHead(status, headers).end(text);
const onGet = (answer) =>
  serving(({ request, response }) => (request.method === 'GET' ? (answer(response) ?? null) : undefined));

export const threads = {
  'allow_headers without expose_headers': {
    thread: 'https://github.com/modelcontextprotocol/python-sdk/issues/1135',
    serve: corsServer({ all: without('Access-Control-Expose-Headers') }),
    origin,
    first: /^Access-Control-Expose-Headers lacks Mcp-Session-Id: add it to the responses themselves/,
    topic: 'cors',
  },
  'the exposed header on OPTIONS alone': {
    thread: 'https://github.com/kernel/kernel-mcp-server/pull/128',
    serve: corsServer({ all: without('Access-Control-Expose-Headers'), preflight: allowed }),
    origin,
    first: /^Access-Control-Expose-Headers lacks Mcp-Session-Id: .*not only to OPTIONS/,
    topic: 'cors',
  },
  'a preflight that refuses Mcp-Protocol-Version': {
    thread: 'https://github.com/netdata/netdata/pull/22258',
    serve: corsServer({
      all: {
        ...allowed,
        'Access-Control-Allow-Headers': 'authorization, content-type, last-event-id, mcp-session-id',
      },
    }),
    origin,
    first: /^Access-Control-Allow-Headers lacks mcp-protocol-version/,
    topic: 'cors',
  },
  'OPTIONS behind authentication': {
    thread: 'https://github.com/IBM/mcp-context-forge/issues/2152',
    serve: corsServer({ preflight: {}, status: 401 }),
    origin,
    first: /^The preflight request is rejected \(response to OPTIONS: 401\): .* before authentication/,
    topic: 'cors',
  },
  'a header from the proxy and from the server': {
    thread: 'https://github.com/expressjs/cors/issues/145',
    serve: corsServer({ all: { ...allowed, 'Access-Control-Allow-Origin': ['*', '*'] } }),
    origin,
    first: /^Access-Control-Allow-Origin has several values on responses to OPTIONS, \*, \*: send it in one place/,
    topic: 'cors',
  },
  'a challenge that pages cannot read': {
    thread: 'https://github.com/better-auth/better-auth/issues/10272',
    serve: (request, response) => {
      if (request.method === 'OPTIONS') return response.writeHead(204, allowed).end();
      return response.writeHead(401, { 'WWW-Authenticate': 'Bearer resource_metadata="https://a.invalid/"' }).end();
    },
    origin,
    first: /^Access-Control-Allow-Origin is missing on every response: send https:\/\/app\.example or \*/,
    topic: 'cors',
  },
  'the public name behind an ingress': {
    thread: 'https://github.com/cbcoutinho/nextcloud-mcp-server/issues/373',
    serve: words(421, 'Invalid Host header'),
    first: /^Add 127\.0\.0\.1:\d+ to the allowed hosts of the server/,
    topic: 'host',
  },
  'the public name behind nginx': {
    thread: 'https://github.com/smart-mcp-proxy/mcpproxy-go/issues/898',
    serve: words(403, 'Forbidden: invalid Host header'),
    first: /^Add 127\.0\.0\.1:\d+ to the allowed hosts of the server, or make the proxy send one of them/,
    topic: 'host',
  },
  'a body that was read before': {
    thread: 'https://github.com/vercel/mcp-handler/issues/106',
    serve: words(
      400,
      '{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error","data":"InternalServerError: stream is not readable"},"id":null}',
      { 'Content-Type': 'application/json' },
    ),
    first: /^Pass the parsed body on, handleRequest\(req, res, req\.body\)/,
    topic: 'body',
  },
  'one transport for all clients': {
    thread: 'https://github.com/dynatrace-oss/dynatrace-mcp/issues/134',
    serve: words(
      400,
      '{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request: Server already initialized"},"id":null}',
      { 'Content-Type': 'application/json' },
    ),
    first: /^Create a transport and a server for each session: this server has one for all/,
    topic: 'transport',
  },
  'a revision that is refused instead of negotiated': {
    thread: 'https://github.com/xpzouying/xiaohongshu-mcp/issues/697',
    serve: words(
      400,
      'Bad Request: Unsupported protocol version (supported versions: 2025-06-18, 2025-03-26, 2024-11-05)',
    ),
    first: /^Answer initialize with a revision that the server speaks, whatever the client offers/,
  },
  'a bot protection': {
    thread: 'https://github.com/BingoWon/apple-rag-mcp/issues/3',
    serve: words(403, '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head></html>', {
      'Content-Type': 'text/html',
    }),
    first: /^Exclude this path from the bot protection in front of the server/,
  },
  'a mounted application': {
    thread: 'https://github.com/modelcontextprotocol/python-sdk/issues/1168',
    serve: (request, response) => response.writeHead(307, { Location: `http://${request.headers.host}/mcp/` }).end(),
    first: /^Configure the URL that the redirect points to, http:\/\/127\.0\.0\.1:\d+\/mcp\//,
    topic: 'slash',
  },
  'JSON as text': {
    thread: 'https://github.com/modelcontextprotocol/java-sdk/issues/748',
    serve: serving(({ response, message }) =>
      message?.id !== undefined && message.method !== 'server/discover'
        ? response.writeHead(200, { 'Content-Type': 'text/plain; charset=UTF-8' }).end(
            JSON.stringify({
              jsonrpc: '2.0',
              id: message.id,
              result: message.method === 'initialize' ? initializeResult({ message }) : {},
            }),
          )
        : undefined,
    ),
    first: /^Send Content-Type: application\/json: many clients refuse/,
    isUsable: true,
  },
  'a GET that no route takes': {
    thread: 'https://github.com/QwenLM/qwen-code/issues/8784',
    serve: onGet((response) => response.writeHead(404).end('Not Found')),
    first: /^Answer GET with 405 if there is no stream/,
    topic: 'get',
    isUsable: true,
  },
  'a GET that is answered as a call': {
    thread: 'https://github.com/Jefferson49/webtrees-API/issues/27',
    serve: onGet((response) =>
      sendJson(response, 200, { jsonrpc: '2.0', id: null, error: { code: -32601, message: 'Method not found' } }),
    ),
    first: /^Answer GET with 405 if there is no stream/,
    topic: 'get',
    isUsable: true,
  },
};
