// Faults: a call is answered with an HTTP status. This affects the first `?times=…` calls, by default one.
// With `?executed=1` the tool has run before.

function status(number, { headers = () => ({}), body = 'not now', times = 1 } = {}) {
  return {
    call(exchange) {
      if (!exchange.takeTurn(times)) return false;
      if (exchange.text('executed')) exchange.execute();
      return exchange.say(number, body, { headers: headers(exchange) });
    },
  };
}

const retryAfter = (otherwise) => (exchange) => ({ 'Retry-After': String(exchange.text('seconds', otherwise)) });
const retryAtDate = (exchange) => ({
  'Retry-After': new Date(Date.now() + exchange.number('seconds', 2) * 1_000).toUTCString(),
});

/** By path. */
export const statuses = {
  'misdirected-421': status(421, { body: 'Misdirected Request' }),
  'misdirected-421-seconds': status(421, { headers: retryAfter(1), body: 'Misdirected Request' }),
  'early-425-seconds': status(425, { headers: retryAfter(1), body: 'Too Early' }),
  'rate-429-seconds': status(429, { headers: retryAfter(1) }),
  'rate-429-date': status(429, { headers: retryAtDate }),
  'rate-429-bare': status(429),
  'retry-after-huge': status(429, { headers: retryAfter(999_999_999) }),
  'retry-after-nonsense': status(429, { headers: retryAfter('soon') }),
  'unavailable-503-retry': status(503, { headers: retryAfter(1) }),
  'unavailable-503-date': status(503, { headers: retryAtDate }),
  'unavailable-503-bare': status(503, { body: 'upstream connect error or disconnect/reset before headers' }),
  'bad-gateway-502': status(502, { body: '<html><h1>502 Bad Gateway</h1></html>' }),
  'gateway-timeout-504': status(504, { body: '<html><h1>504 Gateway Time-out</h1></html>' }),
  /** A gateway that speaks JSON-RPC, as mcp-proxy and supergateway do. */
  'gateway-503-with-id': {
    call(exchange) {
      if (!exchange.takeTurn(1)) return false;
      if (exchange.text('executed')) exchange.execute();
      return exchange.refuse(503, -32000, 'no upstream', { id: exchange.message.id });
    },
  },
  'internal-error-500': status(500, { body: 'Internal Server Error' }),
  'bad-request-400': status(400, { body: 'Bad Request: the arguments are wrong' }),
  'forbidden-403': status(403, { body: 'Forbidden', times: Infinity }),

  /** The modern way to report an unknown method; it is not a lost session. */
  'method-not-found-404': {
    call: (exchange) => exchange.refuse(404, -32601, 'Method not found', { id: exchange.message.id }),
  },

  /** A tool's result that reads like a lost session but is only a result. */
  'tool-says-not-found': {
    call(exchange) {
      exchange.execute();
      exchange.answer({
        content: [{ type: 'text', text: '404: session not found: no valid session ID provided' }],
        isError: true,
      });
    },
  },

  /** Calls need `Authorization: Bearer good`; with `?all=1` the handshake needs it too. */
  'unauthorized-401': {
    every(exchange) {
      const isMeant = exchange.text('all') || exchange.message?.method === 'tools/call';
      if (!isMeant || exchange.request.headers.authorization === 'Bearer good') return false;
      return exchange.refuse(401, -32000, 'Unauthorized', {
        headers: { 'WWW-Authenticate': 'Bearer realm="test", error="invalid_token", scope="tools"' },
      });
    },
  },

  /** The GET stream is always in use; `?times=…` limits it. */
  'conflict-409': {
    stream(exchange) {
      if (!exchange.takeTurn(Infinity)) return false;
      return exchange.refuse(409, -32000, 'Conflict: Only one SSE stream is allowed per session');
    },
  },

  /** No GET stream is offered. */
  'get-405': {
    stream: (exchange) => exchange.refuse(405, -32000, 'Method not allowed', { headers: { Allow: 'POST, DELETE' } }),
  },

  /** A request is answered as if it were a notification. */
  'accepted-202': {
    call(exchange) {
      if (!exchange.takeTurn()) return false;
      exchange.execute();
      return exchange.say(202);
    },
  },

  /** The answer comes with 202, as JSON or (`?form=stream`) as an event stream. */
  'answered-202': {
    call(exchange) {
      if (!exchange.takeTurn()) return false;
      const answer = { jsonrpc: '2.0', id: exchange.message.id, result: exchange.execute() };
      if (exchange.text('form') !== 'stream')
        return exchange.say(202, JSON.stringify(answer), { type: 'application/json' });
      return exchange.say(202, `data: ${JSON.stringify(answer)}\n\n`, { type: 'text/event-stream' });
    },
  },

  /** The GET stream is opened with 202 (Envoy AI Gateway). It carries one notification. */
  'get-202': {
    stream(exchange) {
      const { place, response } = exchange;
      response.writeHead(202, { 'Content-Type': 'text/event-stream' });
      const params = { level: 'info', data: 1 };
      exchange.event({ jsonrpc: '2.0', method: 'notifications/message', params });
      place.streams.add(response);
      response.on('close', () => place.streams.delete(response));
    },
  },

  'delete-404': { end: (exchange) => exchange.refuse(404, -32001, 'Session not found') },
  'delete-405': { end: (exchange) => exchange.refuse(405, -32000, 'Method not allowed') },
  'delete-500': { end: (exchange) => exchange.say(500, 'Internal Server Error') },

  /** DELETE is answered after `?ms=…`, 20 seconds when left out. */
  'delete-slow': {
    async end(exchange) {
      if (await exchange.pause(exchange.number('ms', 20_000))) exchange.say(200);
    },
  },

  /** Calls are redirected to another origin, which records its requests: see `redirected` in the counts. */
  'redirect-other-origin': {
    call(exchange) {
      const target = `${exchange.strangerOrigin}/stranger?path=${encodeURIComponent(exchange.place.path)}`;
      exchange.say(exchange.number('status', 307), '', { headers: { Location: target } });
    },
  },
};
