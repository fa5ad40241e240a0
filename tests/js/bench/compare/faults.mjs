// Faults of the comparison: how frameworks, gateways and CDNs change a server's behaviour. See
// servers/faults/healthy.mjs for their form.

const heartbeats = { json: '{"type":"heartbeat"}', text: 'ping' };

/** By path. */
export const faults = {
  /** A framework has no route for GET, and answers with its own 404. Every POST works. */
  'get-404-route': {
    every(exchange) {
      if (exchange.request.method !== 'GET') return false;
      return exchange.say(404, '{"error":{"message":"Route GET /mcp not found"}}', { type: 'application/json' });
    },
  },

  /**
   * A tool's own error is sent with HTTP 404: the id is the request's, and the session is not mentioned. The tool has
   * run.
   */
  'tool-error-404': {
    call(exchange) {
      exchange.execute();
      exchange.refuse(404, -32000, 'table "orders" does not exist', { id: exchange.message.id });
    },
  },

  /** Events that are not JSON-RPC messages come before a call's answer: `?kind=json|text`. */
  'call-heartbeats': {
    async call(exchange) {
      exchange.openStream();
      for (let beat = 0; beat < 3; beat += 1) {
        exchange.response.write(`data: ${heartbeats[exchange.text('kind', 'json')]}\n\n`);
        if (!(await exchange.pause(50))) return;
      }
      exchange.event({ jsonrpc: '2.0', id: exchange.message.id, result: exchange.execute() });
      exchange.response.end();
    },
  },

  /** A gateway turns the request's id into a string in the answer. */
  'string-ids': {
    call(exchange) {
      exchange.answerWith({ jsonrpc: '2.0', id: String(exchange.message.id), result: exchange.execute() });
    },
  },

  /** A CDN's rule lets caches store the GET stream, which sends one notification that names its user, and ends. */
  'get-cacheable': {
    stream(exchange) {
      exchange.openStream({ 'Cache-Control': 'public, max-age=600' });
      exchange.event({
        jsonrpc: '2.0',
        method: 'notifications/message',
        params: { level: 'info', data: exchange.request.headers.authorization },
      });
      exchange.response.end();
    },
  },
};
