// Faults of servers whose revision is not obvious: they answer the first modern request in many ways.
import { isModern, legacy, modernVersion } from './healthy.mjs';

const refuse = (exchange, data) => exchange.fail(-32022, 'Unsupported protocol version', { status: 400, data });
/** Refuses every message in the same way. */
const refuseAll = (data) => ({ every: (exchange) => (exchange.message?.method ? refuse(exchange, data) : false) });
const requested = ({ message }) => message.params._meta['io.modelcontextprotocol/protocolVersion'];

/** By path. `legacy` servers answer modern requests as each fault says, and serve all others. */
export const eras = {
  /** The very first request is refused, with the version that it requested. (The conformance suite does so too.) */
  'refuse-first': {
    every(exchange) {
      if (!exchange.message?.method || !exchange.takeTurn()) return false;
      return refuse(exchange, { supported: [modernVersion], requested: requested(exchange) });
    },
  },
  /** Every request is refused. */
  'refuse-always': refuseAll({ supported: [modernVersion], requested: modernVersion }),
  /** A server of unknown revisions. */
  'refuse-future': refuseAll({ supported: ['2031-01-01'], requested: modernVersion }),
  /** A legacy server that uses the new error. */
  'refuse-legacy': beforeLegacy((exchange) =>
    refuse(exchange, { supported: ['2025-11-25', '2025-06-18'], requested: modernVersion }),
  ),
  /** The same code by coincidence: its data are meaningless. */
  'refuse-garbage': beforeLegacy((exchange) => refuse(exchange, { supported: 'everything' })),
  'refuse-bare': beforeLegacy((exchange) => refuse(exchange, undefined)),

  /** A legacy server that answers discovery with `?status=…`, and `?body=` rpc (default), text, html or empty. */
  'discovery-status': beforeLegacy((exchange) => answerDiscovery(exchange)),
  /** A legacy server that never answers unknown methods. */
  'discovery-hang': beforeLegacy(() => undefined),
  /** A legacy server that resets the connection on an unknown method. */
  'discovery-reset': beforeLegacy((exchange) => exchange.reset()),
  /** A legacy server that answers every request with a result of `?result=…` (JSON). */
  'discovery-result': beforeLegacy((exchange) => exchange.answer(JSON.parse(exchange.text('result', '{}')))),
  /** A server that requires a token, of either revision: `?era=legacy` or modern. */
  'discovery-unauthorized': {
    every(exchange) {
      if (exchange.request.headers.authorization === 'Bearer good')
        return exchange.text('era') === 'legacy' ? legacyOnly(exchange) : false;
      return exchange.say(401, '', { headers: { 'WWW-Authenticate': 'Bearer realm="mcp"' } });
    },
  },

  /** Stateful and legacy, until it is switched: then modern only. */
  upgrade: { every: (exchange) => (exchange.place.switched ? false : legacyOnly(exchange)) },
  /** Modern, until it is switched: then stateful and legacy. */
  downgrade: { every: (exchange) => (exchange.place.switched ? legacyOnly(exchange) : false) },
};

/** A legacy server, which answers modern requests in its own way. */
function beforeLegacy(answer) {
  return { every: (exchange) => (isModern(exchange) ? answer(exchange) : legacy(exchange)) };
}

/** The SDK's (v1) answers to a request of an unknown session, or of an unknown revision. */
function legacyOnly(exchange) {
  if (!isModern(exchange)) return legacy(exchange);
  return exchange.refuse(
    400,
    -32000,
    `Bad Request: Unsupported protocol version: ${requested(exchange)} (supported versions: 2025-11-25)`,
  );
}

function answerDiscovery(exchange) {
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
