// Subscriptions that are refused, end, are cut or are incomplete. Each listen is in the counts, with its filter.
import { listenMessage, openListen } from './healthy.mjs';

const listen = (otherwise) => ({ 'subscriptions/listen': otherwise });

/** By path. */
export const listens = {
  /** Ends gracefully, at once. */
  'listen-ends': listen((exchange) => {
    openListen(exchange);
    exchange.event({
      jsonrpc: '2.0',
      id: exchange.message.id,
      result: { resultType: 'complete', _meta: { 'io.modelcontextprotocol/subscriptionId': exchange.message.id } },
    });
    exchange.response.end();
  }),
  /** A subscription to resources is cut after its acknowledgement, `?times=…`. */
  'listen-cut': listen(async (exchange) => {
    if (!exchange.message.params.notifications.resourceSubscriptions || !exchange.takeTurn()) return false;
    openListen(exchange);
    return exchange.cut();
  }),
  /** Is cancelled as on stdio. */
  'listen-cancelled': listen((exchange) => {
    if (!exchange.takeTurn()) return false;
    openListen(exchange);
    exchange.event({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: exchange.message.id } });
    return exchange.response.end();
  }),
  'listen-refused': listen((exchange) => exchange.fail(-32603, 'Subscription limit reached')),
  'listen-unknown': listen((exchange) => exchange.fail(-32601, 'Method not found', { status: 404 })),
  'listen-failing': listen((exchange) => exchange.say(503, 'no')),
  /** Opens its stream and stays silent. */
  'listen-mute': listen((exchange) => exchange.openStream()),
  /** Grants none of the requested subscriptions. */
  'listen-empty': listen((exchange) => {
    exchange.place.counts.listens.push({
      id: exchange.message.id,
      notifications: exchange.message.params.notifications,
    });
    exchange.openStream();
    exchange.event(listenMessage(exchange.message, 'notifications/subscriptions/acknowledged', { notifications: {} }));
  }),
};
