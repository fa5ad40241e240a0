// Faults of answers: refusals with the new codes, results of other types, cacheable results.
import { tools } from '../faults/healthy.mjs';
import { cacheable } from './healthy.mjs';

const listTurn = (place) => (place.lists = (place.lists ?? 0) + 1);

/** By path. */
export const results = {
  /** Calls are refused until the tools were listed again. */
  'mismatch-until-listed': {
    'tools/list'({ place }) {
      listTurn(place);
      return false;
    },
    'tools/call'(exchange) {
      const { place } = exchange;
      place.refusedAt ??= place.lists ?? 0;
      return (place.lists ?? 0) > place.refusedAt ? false : mismatch(exchange);
    },
  },
  'mismatch-always': { 'tools/call': mismatch },

  'result-type-unknown': { 'tools/call': (exchange) => ({ ...exchange.execute(), resultType: 'telepathy' }) },
  'result-type-absent': { 'tools/call': (exchange) => exchange.answer(exchange.execute()) },
  /** A result type that only some methods may return. */
  'input-required-on-list': { 'resources/list': () => ({ resultType: 'input_required', requestState: 'x' }) },

  /** `?code=…&status=…`: a JSON-RPC error in the body, with the id of the request or (`?id=null`) without. */
  error: {
    'tools/call': (exchange) => {
      const code = exchange.number('code', -32602);
      const data = code === -32021 ? { requiredCapabilities: { sampling: {} } } : undefined;
      const id = exchange.text('id') === 'null' ? null : exchange.message.id;
      exchange.response.writeHead(exchange.number('status', 200), { 'Content-Type': 'application/json' });
      exchange.response.end(JSON.stringify({ jsonrpc: '2.0', id, error: { code, message: 'so it is', data } }));
    },
  },
  /** Looks like a lost session on a server without sessions. */
  'no-session': {
    'tools/call': (exchange) => (exchange.takeTurn(1) ? exchange.refuse(404, -32001, 'Session not found') : false),
  },
  busy: {
    'tools/call': (exchange) =>
      exchange.takeTurn(1) ? exchange.say(429, 'slow down', { headers: { 'Retry-After': '1' } }) : false,
  },
  'unauthorized-call': {
    'tools/call': (exchange) =>
      exchange.request.headers.authorization === 'Bearer good'
        ? false
        : exchange.say(401, '', { headers: { 'WWW-Authenticate': 'Bearer' } }),
  },
  unavailable: {
    'tools/call'(exchange) {
      if (!exchange.takeTurn(1)) return false;
      exchange.execute();
      return exchange.say(503, 'later');
    },
  },

  /** Several tools that must not be listed, and one that may. */
  'invalid-tools': { 'tools/list': () => ({ tools: [...tools, ...invalidTools()], ...cacheable(0) }) },

  /** Cacheable lists: `?ttl=…&scope=…`; the list's content is the number of requests for it. */
  cached: {
    'tools/list'(exchange) {
      const ttl = exchange.text('ttl');
      const kept = ttl === undefined ? {} : { ttlMs: Number(ttl), cacheScope: exchange.text('scope', 'private') };
      const description = `list ${listTurn(exchange.place)}${exchange.message.params.cursor ? ` after ${exchange.message.params.cursor}` : ''}`;
      return { tools: [{ ...tools[0], description }], ...kept };
    },
    'resources/read': (exchange) => ({
      contents: [{ uri: exchange.message.params.uri, text: `read ${listTurn(exchange.place)}` }],
      ...cacheable(Number(exchange.text('ttl', '0')), exchange.text('scope', 'private')),
    }),
  },
};

function mismatch(exchange) {
  exchange.fail(-32020, 'Mcp-Param-Region does not match the body', { status: 400 });
}

/** One tool for each rule of `x-mcp-header` (2026-07-28 server/tools). */
function invalidTools() {
  const property = (header, type = 'string') => ({ p: { type, 'x-mcp-header': header } });
  const nested = { type: 'array', items: { type: 'object', properties: property('Nested') } };
  const schemas = {
    'empty-name': property(''),
    'space-in-name': property('My Region'),
    'colon-in-name': property('A:B'),
    'non-ascii-name': property('Zür'),
    'number-name': property(7),
    'on-an-object': property('O', 'object'),
    'on-an-array': property('A', 'array'),
    'on-a-number': property('N', 'number'),
    'on-null': property('N', 'null'),
    'below-items': { list: nested },
    'twice-in-other-case': {
      a: { type: 'string', 'x-mcp-header': 'Region' },
      b: { type: 'string', 'x-mcp-header': 'region' },
    },
    'below-a-composition': { p: { oneOf: [{ type: 'object', properties: property('In') }] } },
  };
  return Object.entries(schemas).map(([name, properties]) => ({ name, inputSchema: { type: 'object', properties } }));
}
