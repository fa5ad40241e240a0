// The observers of a session: clients that use it as a transport, and entries of the package that read its notifications.
// An entry that a page loads has a copy of this file, so observers are recognised by their members.
// @ts-check

/** @import { Asking, Observer, RelaySession, Rpc, SessionTransport } from './transport.js' */

const METHOD_NOT_FOUND = -32601;

/** @param {Observer} observer @returns {observer is SessionTransport} */
function isClient(observer) {
  return 'ask' in observer;
}

/**
 * The observers of a session, stored with the one function that the module calls.
 * @param {RelaySession} session
 * @returns {Set<Observer>}
 */
export function observersOf(session) {
  if (!session.observer) {
    const clients = /** @type {Set<Observer>} */ (new Set());
    /** @type {(message: Rpc, asking: Asking) => unknown} */
    const observer = (message, asking) => {
      if (asking.signal) {
        // Of equals the youngest.
        const fitness = (/** @type {SessionTransport} */ client) => client.fitness(message, asking.during);
        const [client] = [...clients]
          .filter(isClient)
          .reverse()
          .sort((one, other) => fitness(other) - fitness(one));
        if (!client) throw Object.assign(new Error('Method not found'), { code: METHOD_NOT_FOUND });
        return client.ask(message, asking);
      }
      // The server's own ids mean nothing to a client: `ask` reports a cancelled request.
      if (message.method !== 'notifications/cancelled')
        for (const client of clients) client.hear(message, asking.during);
    };
    session.observer = Object.assign(observer, { clients });
  }
  return session.observer.clients;
}

/**
 * Calls `hear` with every notification of a session, whatever handlers it has. Returns a function that ends it.
 * @param {RelaySession} session
 * @param {Observer['hear']} hear
 */
export function observe(session, hear) {
  const observers = observersOf(session);
  const observer = { hear };
  observers.add(observer);
  return () => observers.delete(observer);
}
