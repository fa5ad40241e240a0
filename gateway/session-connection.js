// How a session's object reaches its server, and the object that counts its user's sessions.
// @ts-check

import { notification } from './messages.js';
import { LIFETIME } from './oauth/pending-login.js';
import { credentialsOf } from './oauth/places.js';
import { SessionAuth } from './oauth/session-auth.js';
import { loginEnd } from './oauth/wait.js';
import { objectOf, write } from './raw-json.js';
import { partsOf } from './session-places.js';
import { routeOf } from './topology/routes.js';
import { Upstream } from './upstream.js';

/** @import { ClientSide } from './client-side.js' */
/** @import { Owner } from './oauth/credentials-object.js' */
/** @import { Invitation } from './oauth/pending-login.js' */
/** @import { SessionObserver } from './observe/session-observer.js' */
/** @import { Row } from './row.js' */
/** @import { Cause, Env, Identity, ObjectContext, Opening, ServerNews, Settings } from './types.js' */

export class SessionConnection {
  /** @type {SessionAuth | undefined} */
  auth; // of the running session, if the server asks for OAuth
  #parts;
  /** @type {string | undefined} */
  #awaited; // the id of the login whose end a listening client waits for

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
   * @param {{ isCanary?: boolean, needsLogin?: boolean }} [about] whether it goes to the server's canary, and whether it had to wait for a login before
   */
  open(server, caller, { isCanary, needsLogin } = {}) {
    const { ctx, env, settings, row, client, observer, onissued } = this.#parts;
    const { key, id, vars } = caller;
    const known = settings.configuredVars(key) ?? vars;
    const [url] = needsLogin ? settings.gateway.upstream(server, id, known) : [];
    this.auth = this.#authFor({ key, id, server }, url);
    return new Upstream({
      server,
      config: settings.servers[server],
      env,
      identity: { id, vars: known },
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

  /** Whether its users log in: @param {string} server */
  hasLogins(server) {
    return this.#parts.settings.oauth?.servers.has(server) ?? false;
  }

  /**
   * For a client that listens: it learns at once that its user has logged in.
   * @param {{ login: Invitation }} postponed
   * @param {() => Promise<unknown>} awake opens the session with the server
   */
  async afterLogin({ login }, awake) {
    const { env, row, client } = this.#parts;
    const { values } = row;
    if (!values || this.#awaited === login.id) return;
    this.#awaited = login.id;
    const { key, id } = JSON.parse(values.identity);
    const owner = { key, id, server: partsOf(values.owner).server };
    const object = await credentialsOf(env, owner);
    await loginEnd(object, owner, login.id, AbortSignal.timeout(LIFETIME)).catch(() => {}); // it was refused: the next request says so
    if (row.isOpen && client.isWaiting) await awake();
  }

  /** @param {Owner} owner @param {string} [needed] the server's URL, if it needed a login before */
  #authFor(owner, needed) {
    const { env, row, client } = this.#parts;
    if (!this.hasLogins(owner.server)) return undefined;
    const one = {
      isAsking: () => row.isOpen && client.load.requests > 0,
      isWaiting: () => client.isWaiting,
      ask: (/** @type {string} */ id, /** @type {object} */ request) =>
        client.ask(objectOf(write({ jsonrpc: '2.0', id, ...request })), id),
      notify: (/** @type {string} */ method, /** @type {object} */ params) =>
        client.notify(notification(method, params)),
    };
    return new SessionAuth(env, owner, one, needed);
  }
}
