// How a session's object reaches its server, and the object that counts its user's sessions.
// @ts-check

import { notification } from './messages.js';
import { SessionAuth } from './oauth/session-auth.js';
import { objectOf, write } from './raw-json.js';
import { routeOf } from './topology/routes.js';
import { Upstream } from './upstream.js';

/** @import { ClientSide } from './client-side.js' */
/** @import { Owner } from './oauth/credentials-object.js' */
/** @import { SessionObserver } from './observe/session-observer.js' */
/** @import { Row } from './row.js' */
/** @import { Cause, Env, Identity, ObjectContext, Opening, ServerNews, Settings } from './types.js' */

export class SessionConnection {
  /** @type {SessionAuth | undefined} */
  auth; // of the running session, if the server asks for OAuth
  #parts;

  /**
   * @param {object} parts
   * @param {ObjectContext} parts.ctx
   * @param {Env} parts.env
   * @param {Settings} parts.settings
   * @param {Row} parts.row
   * @param {ClientSide} parts.client
   * @param {SessionObserver} parts.observer
   * @param {(id: string) => void} parts.onissued the server has issued the id of a session
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * The session with the server, not yet opened or resumed.
   * @param {string} server
   * @param {Identity} caller
   * @param {boolean} [isCanary] whether it goes to the server's canary
   */
  open(server, caller, isCanary) {
    const { ctx, env, settings, row, client, observer, onissued } = this.#parts;
    const { key, id, vars } = caller;
    this.auth = this.#authFor({ key, id, server });
    return new Upstream({
      server,
      config: settings.servers[server],
      env,
      identity: { id, vars: settings.configuredVars(key) ?? vars },
      auth: this.auth,
      route: this.routeTo(server, caller, isCanary),
      most: settings.topology.get(server)?.maxConcurrency,
      storage: row.storage,
      client,
      observer,
      onissued,
      onlists: (method) => client.notify(notification(method)),
      isOutOfReach: (error) => this.#isOutOfReach(error),
      onserver: (happened) => ctx.waitUntil(this.indexOf(caller).noteServer(server, happened)),
    });
  }

  /** Where its requests go: @param {string} server @param {{ key: string, index?: string }} caller @param {boolean} [isCanary] */
  routeTo(server, { key, index = key }, isCanary) {
    const { ctx, env, settings, row } = this.#parts;
    return routeOf(env, settings, { server, user: index, isCanary }, ctx.storage.sql, row);
  }

  /** The object that counts the user's sessions. Rows of earlier versions do not name it. @param {{ key: string, index?: string }} identity */
  indexOf({ key, index = key }) {
    const { env } = this.#parts;
    return env.INDEX.get(env.INDEX.idFromName(index));
  }

  /** What the outcome of `initialize` says about the server: @param {Opening} answer @returns {ServerNews} */
  reachOf({ cause }) {
    return cause && this.#isOutOfReach(cause) ? 'failed' : 'worked';
  }

  // Whether an error means that the server is unreachable.
  /** @param {Cause} error */
  #isOutOfReach({ code, status }) {
    return this.#parts.settings.gateway.isOutOfReach(code, status);
  }

  /** @param {Owner} owner */
  #authFor(owner) {
    const { env, settings, client } = this.#parts;
    if (!settings.oauth?.servers.has(owner.server)) return undefined;
    return new SessionAuth(env, owner, {
      isWaiting: () => client.isWaiting,
      ask: (/** @type {string} */ id, /** @type {object} */ request) =>
        client.ask(objectOf(write({ jsonrpc: '2.0', id, ...request })), id),
      notify: (/** @type {string} */ method, /** @type {object} */ params) =>
        client.notify(notification(method, params)),
    });
  }
}
