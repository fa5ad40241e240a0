// The healthy server of 2026-07-28 that each fault is based on: it rejects every violation, and records it.
import { dispatch as legacyDispatch, tools } from '../faults/healthy.mjs';

export const modernVersion = '2026-07-28';
const meta = (name) => `io.modelcontextprotocol/${name}`;
const mirrored = { 'tools/call': 'name', 'prompts/get': 'name', 'resources/read': 'uri' };

/** The functions of a healthy server, by the same names as a fault's own. Each returns a result, or answers itself. */
const healthy = {
  'server/discover': () => ({
    supportedVersions: [modernVersion],
    capabilities: {
      tools: { listChanged: true },
      resources: { subscribe: true, listChanged: true },
      prompts: { listChanged: true },
      logging: {},
      completions: {},
    },
    instructions: 'A modern server with faults.',
    ...cacheable(0),
  }),
  'tools/list': () => ({ tools: [...tools, routed], ...cacheable(0) }),
  'resources/list': () => ({ resources: [{ uri: 'test://thing', name: 'thing' }], ...cacheable(0) }),
  'resources/templates/list': () => ({ resourceTemplates: [], ...cacheable(0) }),
  'resources/read': ({ message }) => ({ contents: [{ uri: message.params.uri, text: 'a thing' }], ...cacheable(0) }),
  'prompts/list': () => ({ prompts: [{ name: 'greeting' }], ...cacheable(0) }),
  'prompts/get': () => ({ messages: [] }),
  'completion/complete': () => ({ completion: { values: [] } }),

  'tools/call'(exchange) {
    const { name } = exchange.message.params;
    if (![...tools, routed].some((tool) => tool.name === name)) return exchange.fail(-32602, `no such tool: ${name}`);
    return exchange.execute();
  },

  'subscriptions/listen': openListen,
};

/** A tool whose arguments are mirrored into headers. */
const routed = {
  name: 'routed',
  description: 'Reads, somewhere.',
  annotations: { readOnlyHint: true },
  inputSchema: {
    type: 'object',
    properties: {
      region: { type: 'string', 'x-mcp-header': 'Region' },
      size: { type: 'integer', 'x-mcp-header': 'Size' },
      key: { type: 'string' },
    },
  },
};

/** How long a result may be cached, and in which scope. */
export function cacheable(ttlMs, cacheScope = 'private') {
  return { ttlMs, cacheScope };
}

/** Acknowledges a subscription and leaves its stream open. */
export function openListen({ place, response, message }) {
  const { id, params } = message;
  place.counts.listens.push({ id, notifications: params.notifications });
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
  response.opener = message;
  response.write(
    `data: ${JSON.stringify(listenMessage(message, 'notifications/subscriptions/acknowledged', { notifications: params.notifications }))}\n\n`,
  );
  place.streams.add(response);
  response.on('close', () => place.streams.delete(response));
}

/** A notification as it is written on the stream of a subscription. */
export function listenMessage(opener, method, params = {}) {
  return { jsonrpc: '2.0', method, params: { ...params, _meta: { [meta('subscriptionId')]: opener.id } } };
}

/**
 * Dispatches one request: to the fault's `every`, then to its function for the method. A function returns a
 * result, or nothing when it has answered, or false to leave the request to the healthy server.
 * @param {import('../faults/exchange.mjs').Exchange} exchange
 * @param {object} fault
 */
export async function dispatch(exchange, fault) {
  const { request, response, message, place } = exchange;
  exchange.fail = (code, text, { status = 200, data } = {}) => {
    sendError(exchange, status, { code, message: text, data });
  };
  note(exchange);
  if (fault.every && (await fault.every(exchange)) !== false) return undefined;
  if (request.method !== 'POST')
    return exchange.refuse(405, -32000, 'Method not allowed', { headers: { Allow: 'POST' } });
  if (message === undefined) return exchange.refuse(400, -32700, 'Parse error');
  if (message.method === undefined || message.id === undefined) return exchange.say(202);
  const breach = breachOf(exchange);
  if (breach) {
    place.counts.breaches.push({ method: message.method, ...breach });
    return exchange.fail(breach.code, breach.message, { status: 400, data: breach.data });
  }
  const { method } = message;
  let result = fault[method] ? await fault[method](exchange) : false;
  if (result === false) {
    if (!Object.hasOwn(healthy, method)) return exchange.fail(-32601, 'Method not found', { status: 404 });
    result = await healthy[method](exchange);
  }
  if (result === undefined || response.writableEnded || response.destroyed) return undefined;
  // No server of this revision issues sessions: an id must be ignored.
  const headers = { 'Mcp-Session-Id': 'a-trap' };
  return exchange.answer(
    {
      resultType: 'complete',
      ...result,
      _meta: { [meta('serverInfo')]: { name: 'modern-fault-server', version: '1.0.0' } },
    },
    headers,
  );
}

/** The legacy server at the same address, as the other half of a fault. */
export function legacy(exchange) {
  return legacyDispatch(exchange, {});
}

/** Whether a request claims to be of 2026-07-28 or later. */
export function isModern({ message }) {
  return message?.params?._meta?.[meta('protocolVersion')] !== undefined;
}

function note({ request, response, message, place }) {
  const { counts } = place;
  counts.requests ??= [];
  counts.breaches ??= [];
  counts.listens ??= [];
  counts.aborted ??= 0;
  const { method, id, params } = message ?? {};
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => name.startsWith('mcp-')));
  if (method !== undefined) counts.requests.push({ method, id, params, headers });
  if (message && method === undefined) counts.clientAnswers.push(message);
  response.on('close', () => {
    if (!response.writableEnded && method !== 'subscriptions/listen') counts.aborted += 1;
  });
}

function sendError({ message, response }, status, error) {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error }));
}

/** The first rule that a request violates (2026-07-28 basic/transports/streamable-http, basic/index §_meta). */
function breachOf({ request, message }) {
  const { headers } = request;
  const { method, params } = message;
  const version = params?._meta?.[meta('protocolVersion')];
  if (version === undefined) {
    const data = {
      supported: [modernVersion],
      requested: params?.protocolVersion ?? headers['mcp-protocol-version'] ?? null,
    };
    return { code: -32022, message: 'Unsupported protocol version', data };
  }
  if (headers['mcp-protocol-version'] !== version)
    return { code: -32020, message: 'MCP-Protocol-Version does not match the body' };
  if (version !== modernVersion)
    return {
      code: -32022,
      message: 'Unsupported protocol version',
      data: { supported: [modernVersion], requested: version },
    };
  if (typeof params._meta[meta('clientCapabilities')] !== 'object')
    return { code: -32602, message: 'clientCapabilities is missing' };
  if (headers['mcp-method'] !== method) return { code: -32020, message: 'Mcp-Method does not match the body' };
  if (mirrored[method] && decoded(headers['mcp-name']) !== params[mirrored[method]])
    return { code: -32020, message: 'Mcp-Name does not match the body' };
  const accept = headers.accept ?? '';
  if (!accept.includes('application/json') || !accept.includes('text/event-stream'))
    return { code: -32600, message: 'Accept must list both' };
  if (headers['mcp-session-id'] !== undefined || headers['last-event-id'] !== undefined)
    return { code: -32600, message: 'there are no sessions' };
  if (method === 'tools/call' && params.name === 'routed') return breachOfParams(headers, params.arguments ?? {});
  return undefined;
}

function breachOfParams(headers, { region, size }) {
  const expected = { 'mcp-param-region': region, 'mcp-param-size': size };
  for (const [name, value] of Object.entries(expected)) {
    const wanted = value === undefined || value === null ? undefined : String(value);
    if (decoded(headers[name]) !== wanted) return { code: -32020, message: `${name} does not match the body` };
  }
  return undefined;
}

/** A mirrored value before it was encoded for a header. */
function decoded(value) {
  const wrapped = /^=\?base64\?(.*)\?=$/.exec(value ?? '');
  return wrapped ? Buffer.from(wrapped[1], 'base64').toString('utf8') : value;
}
