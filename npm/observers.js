// The observers of a session: clients that use it as a transport, and package entries that read its notifications. Bundled entries have their own
// copies of this file, so observers are recognised by their members.
// @ts-check

/** @import { Asking, Observer, RelaySession, Rpc, SessionTransport } from './transport.js' */

const METHOD_NOT_FOUND = -32601;

/** @param {Observer} observer @returns {observer is SessionTransport} */
function isClient(observer) {
  return 'ask' in observer;
}

/**
 * The observers of a session, stored with the function that the module calls.
 * @param {RelaySession} session
 * @returns {Set<Observer>}
 */
export function observersOf(session) {
  if (!session.observer) {
    const clients = /** @type {Set<Observer>} */ (new Set());
    /** @type {(message: Rpc, asking: Asking) => unknown} */
    const observer = (message, asking) => {
      if (asking.signal) {
        // Among equals, the newest.
        const fitness = (/** @type {SessionTransport} */ client) => client.fitness(message, asking.during);
        const [client] = [...clients]
          .filter(isClient)
          .reverse()
          .sort((one, other) => fitness(other) - fitness(one));
        if (!client) throw Object.assign(new Error('Method not found'), { code: METHOD_NOT_FOUND });
        return client.ask(message, asking);
      }
      // The server's ids are unknown to clients: `ask` reports a cancelled request.
      if (message.method !== 'notifications/cancelled')
        for (const client of clients) client.hear(message, asking.during);
    };
    session.observer = Object.assign(observer, { clients });
  }
  return session.observer.clients;
}

/**
 * Calls `hear` with every notification of a session, independent of its handlers. Returns a function that ends this.
 * @param {RelaySession} session
 * @param {Observer['hear']} hear
 */
export function observe(session, hear) {
  const observers = observersOf(session);
  const observer = { hear };
  observers.add(observer);
  return () => observers.delete(observer);
}
