// Servers that are not MCP servers, or faulty ones: the fault of each, and what the diagnosis has to report at which
// step.
import { initializeResult } from '../../servers/faults/healthy.mjs';
import { parseJson, readText, sendJson } from '../../servers/shared/messages.mjs';

const page = (response) =>
  response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html><title>Welcome to nginx!</title></html>');
const path = 'Correct the path of the URL: it must be the path of the MCP endpoint, often /mcp.';

/** Answers as a healthy server does, except for what `other` handles first. */
export function serving(other) {
  const sessions = new Set();
  let last = 0;
  return async (request, response) => {
    const message = parseJson(await readText(request));
    const id = request.headers['mcp-session-id'];
    if ((await other({ request, response, message, id, sessions })) !== undefined) return;
    if (message?.method === 'initialize') {
      sessions.add(`session-number-${++last}`);
      sendJson(
        response,
        200,
        { jsonrpc: '2.0', id: message.id, result: initializeResult({ message }) },
        { 'Mcp-Session-Id': `session-number-${last}` },
      );
    } else if (!sessions.has(id)) {
      sendJson(response, id ? 404 : 400, {
        jsonrpc: '2.0',
        id: null,
        error: { code: -32000, message: 'no such session' },
      });
    } else if (request.method === 'DELETE') {
      sessions.delete(id);
      response.writeHead(204).end();
    } else if (message?.id === undefined) {
      response.writeHead(202).end();
    } else {
      const result = message.method === 'tools/list' ? { tools: [] } : {};
      sendJson(response, 200, { jsonrpc: '2.0', id: message.id, result });
    }
  };
}

const withStatus =
  (status, headers = {}, body = '') =>
  (_request, response) =>
    response.writeHead(status, headers).end(body);

/** By fault: the handler, the first step that fails, and its report. */
export const brokenServers = {
  'a web page': {
    serve: (_request, response) => page(response),
    step: 'initialize',
    detail: 'answered with a web page, "Welcome to nginx!" (status 200)',
    fix: `${path} This URL serves a web page.`,
  },
  'nothing there': {
    serve: withStatus(404, {}, 'Cannot POST /mcp'),
    step: 'initialize',
    detail: 'answered with 404 "Cannot POST /mcp"',
    fix: path,
  },
  'no POST': {
    serve: withStatus(405, { Allow: 'GET' }),
    step: 'initialize',
    detail: 'answered with 405: this URL does not accept POST',
    fix: path,
  },
  'a redirect': {
    serve: withStatus(308, { Location: '/mcp/?key=a-secret-token' }),
    step: 'initialize',
    detail: /^answered with a redirect \(308\) to http:\/\/127\.0\.0\.1:\d+\/mcp\/\?…$/,
    fix: /^Configure the URL that the redirect points to, http:\/\/127\.0\.0\.1:\d+\/mcp\/\?…: a client must not send its credentials/,
  },
  'a login page in front of the server': {
    serve: withStatus(302, { Location: 'https://login.example/cdn-cgi/access/login?kid=a-secret-token' }),
    step: 'initialize',
    detail: 'answered with a redirect (302) to https://login.example/cdn-cgi/access/login?…',
    fix: /^Exclude this path from the login that redirects it, or configure the URL that the redirect points to, https:\/\/login\.example/,
  },
  'a login': {
    serve: withStatus(401, { 'WWW-Authenticate': 'Bearer resource_metadata="https://auth.example/.well-known"' }),
    step: 'initialize',
    detail: 'refused with 401, WWW-Authenticate: "Bearer resource_metadata="https://auth.example/.well-known""',
    fix: "Pass credentials: an Authorization header in the server's headers, or an auth provider.",
    asksForLogin: true,
  },
  'credentials that are out of date': {
    serve: withStatus(401),
    headers: { Authorization: 'Bearer a-secret-token' },
    step: 'initialize',
    detail: 'refused with 401 and no readable WWW-Authenticate header',
    fix: 'Renew the credentials: the server rejects the Authorization header that was sent.',
    asksForLogin: true,
  },
  'an origin that is not allowed': {
    serve: serving(({ request, response }) => request.headers.origin && response.writeHead(403).end('Invalid Origin')),
    origin: 'https://app.example',
    step: 'initialize',
    detail: 'refused with 403 "Invalid Origin"',
    fix: 'Allow the origin https://app.example: without an Origin header the server does not answer 403.',
  },
  'no permission': {
    serve: withStatus(403),
    origin: 'https://app.example',
    step: 'initialize',
    detail: 'refused with 403',
    fix: 'Allow requests without credentials, or pass some, or allow the origin https://app.example.',
  },
  'a busy server': {
    serve: withStatus(503, { 'Retry-After': '7' }),
    step: 'initialize',
    detail: 'refused with 503',
    fix: 'Try again later (Retry-After: "7"), and check that the server runs behind its proxy.',
  },
  'a broken proxy': {
    serve: withStatus(502, { 'Content-Type': 'text/html' }, 'Bad\u001b[2J Gateway'),
    step: 'initialize',
    detail: 'failed with 502 "Bad [2J Gateway"',
    fix: 'Start the server, or correct its address in the configuration of the proxy: the proxy got no valid response from it.',
  },
  silence: {
    serve: () => {},
    timeout: 3_000,
    step: 'reachable',
    detail: 'no response within 3000 ms',
    fix: 'Check that the URL is the MCP endpoint, and that no proxy or firewall delays requests to it.',
  },
  'a stream without an answer': {
    serve: (_request, response) =>
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(': nothing\n\n'),
    step: 'initialize',
    detail: 'the event stream ended without a response',
    fix: 'Check the log of the server, and look for a proxy that closes streams.',
  },
  'a stream that keeps its answer': {
    serve: (_request, response) =>
      void response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(': wait\n\n'),
    timeout: 3_000,
    step: 'initialize',
    detail: 'status 200 arrived, but not the response body within 3000 ms',
    fix: 'Check the server, and look for a proxy that buffers streams (nginx: set proxy_buffering off).',
  },
  'a stream of events that are wrapped twice': {
    serve: (_request, response) =>
      response
        .writeHead(200, { 'Content-Type': 'text/event-stream' })
        .end('data: event: message\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n'),
    step: 'initialize',
    detail: 'the events of the stream are not JSON-RPC messages: "event: message {"jsonrpc":"2.0","id":1,"result":{}}"',
    fix: 'Send a JSON-RPC message, and nothing else, as the data of each event.',
  },
  'a stream of such events that stays open': {
    serve: (_request, response) =>
      void response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: hello\n\n'),
    timeout: 3_000,
    step: 'initialize',
    detail: 'the events of the stream are not JSON-RPC messages: "hello"',
    fix: 'Send a JSON-RPC message, and nothing else, as the data of each event.',
  },
  'a parse error of another cause': {
    serve: (_request, response) =>
      sendJson(response, 400, {
        jsonrpc: '2.0',
        id: null,
        error: { code: -32700, message: 'Parse error', data: 'ReferenceError: Bun is not defined' },
      }),
    step: 'initialize',
    detail: 'refused with 400 "JSON-RPC error -32700: Parse error"',
    fix: 'Fix what the server reports: "ReferenceError: Bun is not defined".',
  },
  'a parse error whose message names the cause': {
    serve: (_request, response) =>
      sendJson(response, 400, {
        jsonrpc: '2.0',
        id: null,
        error: { code: -32700, message: 'Parse error: unsupported charset' },
      }),
    step: 'initialize',
    detail: 'refused with 400 "JSON-RPC error -32700: Parse error: unsupported charset"',
    fix: 'Fix what the server reports: "unsupported charset".',
  },
  'a parse error without a cause': {
    serve: (_request, response) =>
      sendJson(response, 400, {
        jsonrpc: '2.0',
        id: null,
        error: { code: -32700, message: 'Parse error: Invalid JSON' },
      }),
    step: 'initialize',
    detail: 'refused with 400 "JSON-RPC error -32700: Parse error: Invalid JSON"',
    fix: /^Pass the parsed body on, handleRequest\(req, res, req\.body\)/,
  },
  'an error of 2 MB': {
    serve: (_request, response) =>
      sendJson(response, 400, {
        jsonrpc: '2.0',
        id: null,
        error: { code: -32000, message: 'body session '.repeat(150_000) },
      }),
    step: 'initialize',
    detail: /^answered with 400 "JSON-RPC error -32000: body session body session/,
    fix: /^Correct the path of the URL|^Check the log of the server/,
  },
  'a web page without an end': {
    serve: (request, response) => {
      if (request.method !== 'POST') return response.writeHead(405).end();
      response.writeHead(200, { 'Content-Type': 'text/html' }).write('<title>Files</title>');
      const line = 'words '.repeat(10_000);
      const more = () => {
        while (!response.destroyed && response.write(line));
      };
      response.on('drain', more);
      return more();
    },
    timeout: 3_000,
    step: 'initialize',
    detail: 'answered with a web page, "Files" (status 200)',
    fix: `${path} This URL serves a web page.`,
  },
  'requests taken for notifications': {
    serve: withStatus(202),
    step: 'initialize',
    detail: 'a request was answered with 202 and no body, as if it were a notification',
    fix: 'Answer the POST of a request with its JSON-RPC response, as JSON or as an event stream.',
  },
  'a connection that is cut': {
    serve: (request) => request.socket.destroy(),
    step: 'reachable',
    detail: /^the connection was closed before a response arrived/,
    fix: /^Check the logs of the server and of the proxy in front of it/,
  },
  'an id that HTTP does not allow': {
    serve: serving(
      ({ response, message }) =>
        (message?.method === 'initialize' &&
          sendJson(
            response,
            200,
            { jsonrpc: '2.0', id: message.id, result: initializeResult({ message }) },
            { 'Mcp-Session-Id': 'has a space' },
          ) === undefined) ||
        undefined,
    ),
    step: 'sessionHeader',
    detail: 'the Mcp-Session-Id has 11 characters, and is too long or not all visible ASCII',
    fix: 'Use ids of 1 to 8192 characters from 0x21 to 0x7E, for example UUIDs.',
  },
  'a proxy that removes session ids': {
    serve: serving(({ response }) => {
      const write = response.writeHead.bind(response);
      response.writeHead = (status, { 'Mcp-Session-Id': _, ...headers } = {}) => write(status, headers);
    }),
    step: 'reuse',
    detail:
      'refused with 400 "JSON-RPC error -32000: no such session", and the response to initialize had no session id',
    fix: 'Let what is in front of the server pass Mcp-Session-Id on, in requests and responses: it is lost on the way.',
  },
  // aiohttp-mcp 0.7.0, which sets the header of a stream after its head is sent.
  'an id that only other responses have': {
    serve: serving(({ response }) => {
      const write = response.writeHead.bind(response);
      response.writeHead = (status, { 'Mcp-Session-Id': _, ...headers } = {}) =>
        write(status, status === 400 ? { ...headers, 'Mcp-Session-Id': 'of-another-session' } : headers);
    }),
    step: 'reuse',
    detail:
      'refused with 400 "JSON-RPC error -32000: no such session", and the response to initialize had no session id',
    fix: 'Send Mcp-Session-Id with the response to initialize, too.',
  },
  'replicas that do not share their sessions': {
    serve: serving(({ response, message }) =>
      message?.method === 'ping' ? response.writeHead(404).end('Session not found') : undefined,
    ),
    step: 'reuse',
    detail: '3 of 3 pings with the id failed: the server rejected its own session id with 404 "Session not found"',
    fix: 'Store sessions where every replica can read them, or route each session to its replica: this server lost a session that it had just created.',
  },
  'a path without its slash (Django, debug mode)': {
    serve: (_request, response) =>
      response
        .writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' })
        .end(
          "RuntimeError at /mcp\nYou called this URL via POST, but the URL doesn't end in a slash and you have APPEND_SLASH set.",
        ),
    step: 'initialize',
    detail: /^refused with 500 "RuntimeError at \/mcp You called this URL via POST/,
    fix: 'Configure the URL that the redirect points to, with a slash at the end.',
  },
  'a session that cannot be ended': {
    serve: serving(({ request, response }) =>
      request.method === 'DELETE' ? response.writeHead(200).end() : undefined,
    ),
    step: 'terminate',
    detail: 'DELETE was answered with 200, but a ping with the id is still answered',
    fix: 'Delete the session on DELETE, and answer 404 to its id afterwards.',
  },
  'a DELETE that fails': {
    serve: serving(({ request, response }) =>
      request.method === 'DELETE' ? response.writeHead(500).end() : undefined,
    ),
    step: 'terminate',
    detail: 'DELETE: failed with 500',
    fix: 'Answer DELETE with 200, 202 or 204, or with 405 if clients cannot end sessions.',
  },
  'a lost session that is answered with 400': {
    serve: serving(({ response, id, sessions }) =>
      id && !sessions.has(id) ? response.writeHead(400).end('No valid session ID provided') : undefined,
    ),
    step: 'terminate',
    detail:
      'DELETE was answered with 204; afterwards the id is answered with 400 "No valid session ID provided", not with 404',
    fix: 'Answer 404 to the id of an ended session: it is the only status that makes every client start a new one.',
    isUsable: true,
  },
  'an event stream of another type': {
    serve: (_request, response) =>
      response
        .writeHead(200, { 'Content-Type': 'text/plain' })
        .end('event: message\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n'),
    step: 'initialize',
    detail: 'answered with an event stream whose Content-Type is "text/plain"',
    fix: 'Send Content-Type: text/event-stream with event streams.',
  },
  'a host that is not allowed': {
    serve: withStatus(421, {}, 'Invalid Host header'),
    step: 'initialize',
    detail: /^refused with 421/, // Node 20 loses the text at times
    fix: /^Add 127\.0\.0\.1:\d+ to the allowed hosts of the server, or make the proxy send one of them/,
  },
  'a 403 that speaks of something else': {
    serve: withStatus(403, {}, 'This account is hosted elsewhere'),
    step: 'initialize',
    detail: 'refused with 403 "This account is hosted elsewhere"',
    fix: 'Allow requests without credentials, or pass some.',
  },
  'a body that a parser has read': {
    serve: withStatus(500, {}, 'InternalServerError: stream is not readable'),
    step: 'initialize',
    detail: 'refused with 500 "InternalServerError: stream is not readable"',
    fix: /^Pass the parsed body on, handleRequest\(req, res, req\.body\)/,
  },
  'a compressor that keeps the answer': {
    serve: (_request, response) =>
      void response
        .writeHead(200, { 'Content-Type': 'text/event-stream', 'Content-Encoding': 'gzip' })
        .write(Buffer.from('1f8b0800000000000003', 'hex')),
    timeout: 3_000,
    step: 'initialize',
    detail: 'status 200 arrived, but not the response body within 3000 ms',
    fix: /^Exclude text\/event-stream from compression/,
  },
  'a revision that is refused after it was agreed on': {
    serve: serving(({ request, response, message }) =>
      request.headers['mcp-protocol-version'] && message?.method !== 'server/discover'
        ? response.writeHead(400).end('Bad Request: Unsupported protocol version')
        : undefined,
    ),
    step: 'reuse',
    detail: /^notifications\/initialized: refused with 400 "Bad Request: Unsupported protocol version"/,
    fix: 'Accept 2025-11-25 in MCP-Protocol-Version: the server itself chose it in initialize.',
  },
  'no route for GET': {
    serve: serving(({ request, response }) =>
      request.method === 'GET' ? response.writeHead(404).end('Cannot GET /mcp') : undefined,
    ),
    step: 'reuse',
    detail: /; GET: 404$/,
    fix: /^Answer GET with 405 if there is no stream/,
    isUsable: true,
  },
  'a GET stream that a proxy holds back': {
    serve: serving(({ request }) => (request.method === 'GET' ? null : undefined)),
    timeout: 3_000,
    step: 'reuse',
    detail: /; GET: no response within 3000 ms$/,
    fix: /^Send the headers of a GET stream at once, and turn off buffering in proxies/,
    isUsable: true,
  },
  'a GET stream that is compressed': {
    serve: serving(({ request, response }) =>
      request.method === 'GET'
        ? (response
            .writeHead(200, { 'Content-Type': 'text/event-stream', 'Content-Encoding': 'gzip' })
            .flushHeaders() ?? null)
        : undefined,
    ),
    timeout: 3_000,
    step: 'reuse',
    detail: /; GET: the event stream is compressed$/,
    fix: /^Exclude text\/event-stream from compression/,
    isUsable: true,
  },
};
