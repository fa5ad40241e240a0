// Faults of servers whose revision is not plain to see: they answer the first modern request in all the ways that there are.
import { isModern, legacy, modernVersion } from './healthy.mjs';

const refuse = (exchange, data) => exchange.fail(-32022, 'Unsupported protocol version', { status: 400, data });
/** Refuses every message in the same way. */
const refuseAll = (data) => ({ every: (exchange) => (exchange.message?.method ? refuse(exchange, data) : false) });
const requested = ({ message }) => message.params._meta['io.modelcontextprotocol/protocolVersion'];

/** By path. `legacy` servers answer modern requests as each fault says, and serve everybody else. */
export const eras = {
  /** The very first request is refused, with the version that it asked for. (The conformance suite does so too.) */
  'refuse-first': {
    every(exchange) {
      if (!exchange.message?.method || !exchange.takeTurn()) return false;
      return refuse(exchange, { supported: [modernVersion], requested: requested(exchange) });
    },
  },
  /** And so is every other. */
  'refuse-always': refuseAll({ supported: [modernVersion], requested: modernVersion }),
  /** A server of revisions that nobody knows yet. */
  'refuse-future': refuseAll({ supported: ['2031-01-01'], requested: modernVersion }),
  /** An old server that knows the new error. */
  'refuse-legacy': beforeLegacy((exchange) =>
    refuse(exchange, { supported: ['2025-11-25', '2025-06-18'], requested: modernVersion }),
  ),
  /** The code by chance: its data say nothing. */
  'refuse-garbage': beforeLegacy((exchange) => refuse(exchange, { supported: 'everything' })),
  'refuse-bare': beforeLegacy((exchange) => refuse(exchange, undefined)),

  /** An old server that answers the probe with `?status=…`, and `?body=` rpc (default), text, html or empty. */
  'probe-status': beforeLegacy((exchange) => answerProbe(exchange)),
  /** An old server that never answers what it does not know. */
  'probe-hang': beforeLegacy(() => undefined),
  /** An old server that resets the connection of whoever asks too much. */
  'probe-reset': beforeLegacy((exchange) => exchange.reset()),
  /** An old server that answers whatever it is asked, with a result of `?result=…` (JSON). */
  'probe-result': beforeLegacy((exchange) => exchange.answer(JSON.parse(exchange.text('result', '{}')))),
  /** A server whose door wants a token, of whichever revision it is: `?era=legacy` or modern. */
  'probe-unauthorized': {
    every(exchange) {
      if (exchange.request.headers.authorization === 'Bearer good')
        return exchange.text('era') === 'legacy' ? legacyOnly(exchange) : false;
      return exchange.say(401, '', { headers: { 'WWW-Authenticate': 'Bearer realm="mcp"' } });
    },
  },

  /** Stateful and old, until it is switched: then modern alone. */
  upgrade: { every: (exchange) => (exchange.place.switched ? false : legacyOnly(exchange)) },
  /** Modern, until it is switched: then stateful and old. */
  downgrade: { every: (exchange) => (exchange.place.switched ? legacyOnly(exchange) : false) },
};

/** An old server, which answers modern requests in a way of its own. */
function beforeLegacy(answer) {
  return { every: (exchange) => (isModern(exchange) ? answer(exchange) : legacy(exchange)) };
}

/** What the SDK (v1) says to a request of a session that it does not know, or of a revision that it does not know. */
function legacyOnly(exchange) {
  if (!isModern(exchange)) return legacy(exchange);
  return exchange.refuse(
    400,
    -32000,
    `Bad Request: Unsupported protocol version: ${requested(exchange)} (supported versions: 2025-11-25)`,
  );
}

function answerProbe(exchange) {
  const status = exchange.number('status', 400);
  const bodies = {
    rpc: () =>
      exchange.refuse(
        status,
        exchange.number('code', -32000),
        exchange.text('text', 'Bad Request: Server not initialized'),
      ),
    text: () => exchange.say(status, 'No valid session ID provided'),
    html: () => exchange.say(status, '<!doctype html><title>Sorry</title>', { type: 'text/html' }),
    empty: () => exchange.say(status),
  };
  return bodies[exchange.text('body', 'rpc')]();
}
