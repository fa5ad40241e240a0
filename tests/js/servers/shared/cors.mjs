// The CORS headers that every test server sends with every response, whatever its status.

const exposedHeaders = [
  'Mcp-Session-Id',
  'MCP-Protocol-Version',
  'Retry-After',
  'WWW-Authenticate',
  'Content-Type',
  'Location',
  'Last-Event-ID',
];

/**
 * Sets the CORS headers on a response. They stay when the status is chosen later.
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {string[]} [origins] the only allowed origins; every origin when left out
 */
export function setCorsHeaders(request, response, origins) {
  response.setHeader('Access-Control-Allow-Origin', allowedOrigin(request.headers.origin, origins));
  response.setHeader('Access-Control-Allow-Methods', 'GET, POST, DELETE, OPTIONS');
  response.setHeader(
    'Access-Control-Allow-Headers',
    request.headers['access-control-request-headers'] ??
      'Content-Type, Accept, Authorization, Mcp-Session-Id, MCP-Protocol-Version, Last-Event-ID',
  );
  response.setHeader('Access-Control-Expose-Headers', exposedHeaders.join(', '));
  response.setHeader('Access-Control-Max-Age', '600');
  response.setHeader('Vary', 'Origin, Access-Control-Request-Headers');
}

/**
 * True if a browser sent this request from a page of an origin that is not allowed.
 * @param {import('node:http').IncomingMessage} request
 * @param {string[]} [origins]
 */
export function isForeignOrigin(request, origins) {
  return Boolean(origins && request.headers.origin && !origins.includes(request.headers.origin));
}

/**
 * Answers a preflight request. Returns true when it was one.
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
export function answerPreflight(request, response) {
  if (request.method !== 'OPTIONS') return false;
  response.writeHead(204).end();
  return true;
}

function allowedOrigin(origin, origins) {
  if (!origins) return '*';
  return origins.includes(origin) ? origin : origins[0];
}
