// What stands in front of servers, or around them, and answers for them; and servers whose messages differ from the protocol. Each with the fix that the
// doctor has to put first. `isUsable`: this client works with it, so that the doctor only advises.
import { sendJson } from '../../servers/shared/messages.mjs';
import { answering, onInitialize, text } from './answering.mjs';
import { serving } from './broken-servers.mjs';
import { json, page, words } from './replies.mjs';

const refusal = (status, message) => json(status, { jsonrpc: '2.0', id: null, error: { code: -32000, message } });

/** Everything is at `/mcp/`, to which `/mcp` redirects. */
function mounted(status, serve = serving(() => undefined)) {
  return (request, response) =>
    request.url === '/mcp' ? response.writeHead(status, { Location: '/mcp/' }).end() : serve(request, response);
}

const path = /^Correct the path of the URL/;
const key = /^Pass the key that the server asks for/;
const tunnel = /^Start the tunnel and the server behind it/;
const application = /^Deploy or start the server, or correct the host name/;
const forms = /^Exclude this path from CSRF protection/;
const slash =
  /^Configure the URL that the redirect points to, http:\/\/127\.0\.0\.1:\d+\/mcp\/: many clients do not follow it/;

export const fronts = {
  'a tunnel that is not running (ngrok)': {
    serve: page(404, 'The endpoint a.ngrok-free.app is offline. ERR_NGROK_3200'),
    first: tunnel,
  },
  'a tunnel that is not running (Cloudflare)': { serve: page(530, 'error code: 1033'), first: tunnel },
  'a tunnel with a page of warnings': {
    serve: page(200, '<html>You are about to visit a.ngrok-free.app ERR_NGROK_6024</html>'),
    first: /^Send the header ngrok-skip-browser-warning/,
  },
  'an application that is not deployed (Heroku)': {
    serve: page(404, '<title>No such app</title>'),
    first: application,
  },
  'an application that is not deployed (Railway)': {
    serve: json(404, { status: 'error', code: 404, message: 'Application not found' }),
    first: application,
  },
  'an application that is not deployed (Vercel)': {
    serve: words(404, 'The deployment could not be found on Vercel.', { 'X-Vercel-Error': 'DEPLOYMENT_NOT_FOUND' }),
    first: application,
  },
  'an ingress without a backend': { serve: words(404, 'default backend - 404'), first: application },
  'a login page of the host': {
    serve: page(401, '<title>Authentication Required</title>'),
    first: /^Exclude this path from the login page in front of the server/,
  },
  'a login page at the target of a redirect': {
    serve: (request, response) =>
      request.url === '/mcp'
        ? response.writeHead(302, { Location: '/login?next=mcp' }).end()
        : response.writeHead(200, { 'Content-Type': 'text/html' }).end('<title>Sign in</title>'),
    first: /^Exclude this path from the login that redirects it: at http:\/\/127\.0\.0\.1:\d+\/login\?… is a web page/,
  },
  'a redirect to itself': {
    serve: (_request, response) => response.writeHead(307, { Location: '/mcp' }).end(),
    first: /^Stop the redirect to the same URL/,
  },
  'Cloudflare without its origin': {
    serve: page(522, 'error code: 522'),
    first: /^Check that the server runs, and its address, firewall/,
  },
  'an API gateway without a route': {
    serve: json(
      403,
      { message: 'Missing Authentication Token' },
      { 'x-amzn-ErrorType': 'MissingAuthenticationTokenException' },
    ),
    first: /^Correct the stage and the path of the URL/,
  },
  'a key that is missing': { serve: json(401, { message: 'Missing x-api-key header' }), first: key },
  'a key of a subscription': {
    serve: json(401, { statusCode: 401, message: 'Access denied due to missing subscription key.' }),
    first: key,
  },
  'a key that is wrong': { serve: json(403, { error: 'invalid API key' }), first: key },
  'a user name and a password': {
    serve: words(401, '', { 'WWW-Authenticate': 'Basic realm="tools"' }),
    first: /^Pass what WWW-Authenticate asks for/,
  },
  'protection of forms (Django)': {
    serve: page(403, '<p>CSRF verification failed. Request aborted.</p>'),
    first: forms,
  },
  'protection of forms (Laravel)': { serve: page(419, '<title>Page Expired</title>'), first: forms },
  'protection of forms (Rails)': { serve: page(422, 'ActionController::InvalidAuthenticityToken'), first: forms },
  'an origin that is wanted of programs': {
    serve: refusal(403, 'Invalid Origin header'),
    first: /^Allow requests without an Origin header/,
  },
  'a limit for bodies': {
    serve: page(413, '<h1>413 Request Entity Too Large</h1>'),
    first: /^Raise the limit for request bodies/,
  },
  'a length that is missing': {
    serve: words(411, 'Length Required'),
    first: /^Look for a proxy that removes Content-Length/,
  },
  'a port of another protocol': {
    serve: words(426, 'Upgrade Required', { Upgrade: 'websocket', Connection: 'upgrade' }),
    first: /^Configure the URL of the Streamable HTTP endpoint: this port/,
  },
  'an account that is not paid': {
    serve: json(402, { error: 'DEPLOYMENT_DISABLED' }),
    first: /^Look at the account with the host/,
  },

  'a redirect within the origin (307)': { serve: mounted(307), first: slash, isUsable: true },
  'a redirect within the origin (301)': { serve: mounted(301), first: slash, isUsable: true },
  'a redirect to an endpoint that asks for a login': {
    serve: mounted(308, words(401, '', { 'WWW-Authenticate': 'Bearer error="invalid_token"' })),
    first: /^Add resource_metadata=/,
  },
  'a JSON-RPC server of something else': {
    serve: answering((message) =>
      text({ jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'Method not found' } }),
    ),
    first: path,
  },
  'a result without a revision': {
    serve: answering(onInitialize(({ id }) => text({ jsonrpc: '2.0', id, result: { capabilities: {} } }))),
    first: /^Add protocolVersion, capabilities and serverInfo to the result of initialize/,
  },
  'an answer to no request': {
    serve: answering(onInitialize((message) => text({ ...message, id: null }))),
    first: /^Answer with the id of the request/,
  },
  'an answer that is cut off': {
    serve: answering(onInitialize((message) => text(message).slice(0, 60))),
    first: /^Check the log of the server, and look for a proxy that cuts bodies/,
  },
  'JSON declared as an event stream': {
    serve: answering(text, { 'Content-Type': 'text/event-stream' }),
    first: /^Send Content-Type: application\/json with JSON/,
  },
  'a body that is not in its encoding': {
    serve: answering(text, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }),
    first: /^Look for a proxy or a middleware that sets Content-Encoding/,
  },
  'an empty body': { serve: answering(() => ''), first: /^Answer the POST of a request with its JSON-RPC response/ },
  'an array with one message': {
    serve: answering((message) => text([message])),
    first: /^Answer a request with one message/,
    isUsable: true,
  },
  'messages without jsonrpc': {
    serve: answering(({ id, result }) => text({ id, result })),
    first: /^Add "jsonrpc": "2\.0" to every message/,
    isUsable: true,
  },
  'notifications that are refused': {
    serve: serving(({ response, message }) =>
      message && message.id === undefined ? response.writeHead(400).end('Invalid request') : undefined,
    ),
    first: /^Answer notifications with 202/,
    isUsable: true,
  },
  'tools that cannot be listed': {
    serve: serving(({ response, message }) =>
      message?.method === 'tools/list'
        ? (sendJson(response, 200, {
            jsonrpc: '2.0',
            id: message.id,
            error: { code: -32603, message: 'Task group is not initialized' },
          }) ?? null)
        : undefined,
    ),
    first: /^Check the log of the server: it rejects a request/,
  },
};
