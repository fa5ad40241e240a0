// @ts-check
// An auth provider: what it keeps, when it refreshes, when it logs in. How it logs in is its `acquire`.

import { readChallenge } from './challenge.js';
import { redeem } from './code.js';
import { discover } from './discovery.js';
import { OAuthError } from './error.js';
import { exclusively } from './lock.js';
import { proverOf } from './proof.js';
import { missing, union } from './scope.js';
import { defaultStorage } from './storage.js';
import { post, readTokens } from './tokens.js';

/**
 * @typedef {import('./web.js').Web} Web
 * @typedef {import('./tokens.js').Tokens & { issuedAt?: number }} Tokens
 * @typedef {object} Entry what is stored of a user at a server
 * @property {string} issuer
 * @property {string} resource
 * @property {string} [sent] the `resource` parameter
 * @property {import('./discovery.js').Metadata} as what is needed of it without discovery
 * @property {import('./client.js').Client} [client]
 * @property {Tokens} [tokens]
 * @property {string} [requested] all scopes that were asked for
 * @property {boolean} [withoutOffline] `offline_access` is refused
 *
 * @typedef {object} Place a user at a server
 * @property {string} userId
 * @property {string} key
 * @property {string} url
 * @property {any} settings
 * @property {State} state
 *
 * @typedef {object} State what only this provider knows
 * @property {string} [handed] the token that was returned last
 * @property {number} refreshes that answered refusals, in a row
 * @property {number} logins in a row
 * @property {number} since when the last token was got
 * @property {{ error: unknown, at: number }} [failure] of a login that came back to this page
 * @property {Map<string, { promise: Promise<any>, waiting: number, aborter: AbortController }>} flights
 *
 * @typedef {object} Login what `acquire` is given
 * @property {Web} web
 * @property {Place} place
 * @property {import('./discovery.js').Found} found
 * @property {string} [sent]
 * @property {string} [scope]
 * @property {Entry} [entry]
 * @property {import('./tokens.js').Prover} [prover]
 * @property {(client: import('./client.js').Client) => Promise<void>} keepClient
 */

/**
 * @param {any} options
 * @param {(login: Login) => Promise<{ json: any, client: any, scope?: string, withoutOffline?: boolean }>} acquire
 */
export function makeProvider(options, acquire) {
  const storage = options.storage ?? defaultStorage();
  /** @type {Map<string, State>} */
  const states = new Map();
  /** @type {Map<string, string>} */
  const urls = new Map();

  async function locate(/** @type {string} */ userId, /** @type {string} */ serverName, /** @type {string} */ given) {
    const settings = { ...options, ...options.servers?.[serverName] };
    const pointer = JSON.stringify(['oauth-url', userId, serverName]);
    const known = given ?? settings.url ?? urls.get(pointer);
    const url = known ?? (await storage.get(pointer));
    if (typeof url !== 'string') {
      throw new OAuthError('unknown_server', `the address of ${serverName} is not known: give it as \`url\``);
    }
    if (known && urls.get(pointer) !== url) {
      urls.set(pointer, url);
      await storage.set(pointer, url);
    }
    const key = JSON.stringify(['oauth', userId, url]);
    /** @type {State} */
    const state = states.get(key) ?? { refreshes: 0, logins: 0, since: 0, flights: new Map() };
    states.set(key, state);
    return { userId, key, url, settings, state };
  }

  /** @param {Place} place @returns {Promise<Entry | undefined>} */
  async function load({ key }) {
    try {
      return JSON.parse(await storage.get(key)) ?? undefined;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /** @param {Place} place @param {Web} web @param {(entry: Entry | undefined) => Entry | undefined} change */
  function edit(place, web, change) {
    return exclusively(storage, place.key, web.signal, async () => {
      const entry = change(await load(place));
      if (entry) await storage.set(place.key, JSON.stringify(entry));
    });
  }

  /** One flight of a kind at a time. It ends early once none of its callers waits any more. */
  async function join(
    /** @type {Place} */ { state, settings },
    /** @type {string} */ kind,
    /** @type {AbortSignal | undefined} */ signal,
    /** @type {(web: Web) => Promise<any>} */ act,
  ) {
    signal?.throwIfAborted();
    let flight = state.flights.get(kind);
    if (!flight) {
      const aborter = new AbortController();
      const fetch = settings.fetch ?? globalThis.fetch.bind(globalThis);
      flight = { promise: act({ fetch, signal: aborter.signal }), waiting: 0, aborter };
      state.flights.set(kind, flight);
      const end = () => state.flights.delete(kind);
      flight.promise.then(end, end);
    }
    flight.waiting += 1;
    const { promise, aborter } = flight;
    if (!signal) return promise;
    return new Promise((resolve, reject) => {
      const leave = () => {
        flight.waiting -= 1;
        if (flight.waiting === 0) {
          state.flights.delete(kind);
          aborter.abort(signal.reason);
        }
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
  }

  /** What is stored, refreshed if it is about to expire. */
  async function recall(/** @type {Place} */ place, /** @type {Web} */ web) {
    const back = place.settings.authorize?.take?.(place.key);
    if (back) return resume(place, web, back);
    const tokens = (await load(place))?.tokens;
    if (!tokens || isFresh(tokens)) return tokens;
    try {
      return await refresh(place, web, tokens.token);
    } catch (error) {
      if (Number(tokens.expiresAt) > Date.now()) return tokens;
      throw error;
    }
  }

  /** Goes on with a login that has left the page. */
  async function resume(/** @type {Place} */ place, /** @type {Web} */ web, /** @type {any} */ { pending, callback }) {
    const { as, issuer = as.issuer, resource, sent, scope, withoutOffline } = pending;
    const prover = await proverOf(place.settings, storage, place.userId, as);
    try {
      const done = await redeem(web, pending, callback, prover, async () => {});
      const about = { as: keptOf(as), issuer, resource, sent, requested: scope, withoutOffline };
      return await keep(place, web, { ...about, ...done, isBound: Boolean(prover) });
    } catch (error) {
      // The request goes without a token then, and is refused: that is no reason to leave the page again.
      place.state.failure = { error, at: Date.now() };
      throw error;
    }
  }

  /**
   * Uses the refresh token once, over all tabs. Undefined: there is no grant any more.
   *
   * @param {Place} place
   * @param {Web} web
   * @param {string} stale the token to replace
   * @returns {Promise<Tokens | undefined>}
   */
  function refresh(place, web, stale) {
    return exclusively(storage, place.key, web.signal, async () => {
      const entry = await load(place);
      const tokens = entry?.tokens;
      if (!entry?.client || !tokens || (tokens.token !== stale && isFresh(tokens))) return tokens;
      if (!tokens.refresh) return undefined;
      const { as, sent: resource } = entry;
      const prover = await proverOf(place.settings, storage, place.userId, as);
      const about = { scope: tokens.scope, refresh: tokens.refresh, as, isBound: Boolean(prover) };
      try {
        const parameters = {
          grant_type: 'refresh_token',
          refresh_token: tokens.refresh,
          scope: tokens.scope,
          resource,
        };
        const client = { ...entry.client, key: place.settings.key };
        const json = await post(web, as, client, 'token_endpoint', parameters, prover);
        entry.tokens = { ...readTokens(json, about), issuedAt: Date.now() };
      } catch (error) {
        if (error.isTransient || web.signal.aborted) throw error;
        const now = await load(place);
        // Another tab was faster, without a lock: what it has stored is not ours to delete.
        if (now?.tokens && now.tokens.refresh !== tokens.refresh) return now.tokens;
        entry.tokens = undefined;
        if (error.code === 'invalid_client' && entry.client.kind === 'registered') entry.client = undefined;
      }
      await storage.set(place.key, JSON.stringify(entry));
      return entry.tokens;
    });
  }

  /** The server has refused the token that it was sent, or that there was none. */
  async function renew(/** @type {Place} */ place, /** @type {Web} */ web, /** @type {any} */ { challenge, attempt }) {
    const { state } = place;
    const entry = await load(place);
    const tokens = entry?.tokens;
    if (tokens && tokens.token !== state.handed && isFresh(tokens)) return tokens;
    // Whether the last token was ever accepted is known by a manager that counts its attempts; otherwise the time has to say it.
    if (attempt === 1 || (attempt === undefined && Date.now() - state.since > SERIES))
      state.refreshes = state.logins = 0;
    const wantsScope = challenge.error === 'insufficient_scope';
    if (tokens && !wantsScope && state.refreshes < (attempt === undefined ? MOST_REFRESHES : 1)) {
      const renewed = await refresh(place, web, tokens.token);
      if (renewed) {
        Object.assign(state, { refreshes: state.refreshes + 1, since: Date.now() });
        return renewed;
      }
    }
    const { failure } = state;
    state.failure = undefined;
    if (failure && Date.now() - failure.at < SERIES) throw failure.error;
    const isProgress = wantsScope && missing(challenge.scope, entry?.requested);
    if (state.logins >= (wantsScope ? 3 : 2) && !(isProgress && state.logins < MOST_LOGINS)) {
      const what = wantsScope ? `asks for the scope ${challenge.scope ?? '(not named)'} again` : 'refuses every token';
      throw new OAuthError(
        wantsScope ? 'insufficient_scope' : 'invalid_token',
        `${place.url} ${what}, after ${state.logins} logins at ${entry?.issuer}`,
        { url: place.url },
      );
    }
    return logIn(place, web, challenge);
  }

  /** @param {Place} place @param {Web} web @param {{ hints: string[], scope?: string }} challenge */
  async function logIn(place, web, { hints, scope: challenged }) {
    const { settings, state, url } = place;
    let entry = await load(place);
    const found = await discover(web, url, hints, entry?.issuer);
    const { as, resource } = found;
    await checkIssuer(place, as.issuer, entry?.issuer);
    if (entry && (entry.issuer !== as.issuer || entry.resource !== resource)) entry = undefined;
    let scope = union(entry?.requested, challenged || found.scopes?.join(' ') || settings.scope);
    if (scope && !entry?.withoutOffline && as.scopes_supported?.includes?.('offline_access'))
      scope = union(scope, 'offline_access');
    // `null` leaves it out, for servers that refuse it (Entra).
    const sent = settings.resource === null ? undefined : (settings.resource ?? resource);
    const prover = await proverOf(settings, storage, place.userId, as);
    const about = { as: keptOf(as), issuer: as.issuer, resource, sent };
    const keepClient = (/** @type {any} */ client) =>
      edit(place, web, (stored) => ({ ...(stored?.issuer === as.issuer ? stored : {}), ...about, client }));
    const done = await acquire({ web, place, found, sent, scope, entry, prover, keepClient });
    return keep(place, web, { ...about, requested: scope, ...done, isBound: Boolean(prover) });
  }

  /** @param {Place} place @param {Web} web @param {any} done */
  async function keep(place, web, { json, isBound, withoutOffline, client, scope, requested, ...about }) {
    const { key: _key, ...kept } = client;
    const tokens = { ...readTokens(json, { as: about.as, scope, isBound }), issuedAt: Date.now() };
    await edit(place, web, (stored) => ({
      ...(stored?.issuer === about.issuer ? stored : {}),
      ...about,
      requested: scope ?? requested,
      client: { ...kept, isDoubtful: undefined },
      tokens,
      ...(withoutOffline && { withoutOffline }),
    }));
    Object.assign(place.state, { logins: place.state.logins + 1, since: Date.now() });
    return tokens;
  }

  /** @param {Place} place @param {string} issuer @param {string | undefined} previous */
  async function checkIssuer({ settings, userId, url }, issuer, previous) {
    const expected = settings.issuer ?? (settings.clientId ? previous : undefined);
    if (expected !== undefined && expected !== issuer) {
      const message = `${url} names the authorization server ${issuer}; its client is registered at ${expected}`;
      throw new OAuthError('issuer_changed', message, { url: issuer });
    }
    if (previous === undefined || previous === issuer || !settings.allowIssuer) return;
    if (!(await settings.allowIssuer({ issuer, previous, userId, url })))
      throw new OAuthError('issuer_changed', `the application refuses the authorization server ${issuer}`, {
        url: issuer,
      });
  }

  return {
    /** @param {any} context */
    async token(context) {
      const { userId, serverName, status, challenge, attempt, signal } = context;
      const place = await locate(userId, serverName, context.url);
      const isRefused = status !== undefined || challenge !== undefined;
      const act = (/** @type {Web} */ web) =>
        isRefused ? renew(place, web, { challenge: readAs(status, challenge), attempt }) : recall(place, web);
      const tokens = await join(place, isRefused ? 'renew' : 'recall', signal, act);
      place.state.handed = tokens?.token;
      return tokens && answerOf(tokens);
    },

    /** @param {string} userId @param {string} serverName @param {{ url?: string, signal?: AbortSignal }} [about] */
    async signIn(userId, serverName, { url, signal } = {}) {
      // In the click itself: a window that is opened later may be blocked.
      const opened = { ...options, ...options.servers?.[serverName] }.authorize?.prepare?.();
      try {
        const place = await locate(userId, serverName, /** @type {string} */ (url));
        if (await join(place, 'recall', signal, (web) => recall(place, web))) return;
        await join(place, 'renew', signal, (web) => logIn(place, web, { hints: [] }));
      } finally {
        opened?.release();
      }
    },

    /** @param {string} userId @param {string} serverName @param {{ url?: string, signal?: AbortSignal }} [about] */
    async signOut(userId, serverName, { url, signal } = {}) {
      const place = await locate(userId, serverName, /** @type {string} */ (url));
      const fetch = place.settings.fetch ?? globalThis.fetch.bind(globalThis);
      const web = { fetch, signal: signal ?? new AbortController().signal };
      /** @type {Entry | undefined} */
      let entry;
      await edit(place, web, (stored) => {
        entry = stored;
        return stored && { ...stored, tokens: undefined, requested: undefined };
      });
      place.state.handed = undefined;
      if (!entry?.tokens || !entry.client || !entry.as.revocation_endpoint) return;
      const { token, refresh: grant } = entry.tokens;
      // RFC 7009: the grant first, which takes its access tokens along at most servers. Here they are gone whatever is answered.
      for (const [type, value] of Object.entries({ refresh_token: grant, access_token: token })) {
        const client = { ...entry.client, key: place.settings.key };
        const parameters = { token: value, token_type_hint: type };
        if (value) await post(web, entry.as, client, 'revocation_endpoint', parameters).catch(() => {});
      }
    },

    /** The headers of a request with a token that is bound to a key (RFC 9449): a proof of its own for each. @param {any} request */
    async headers({ userId, serverName, method, url, token, nonce }) {
      const settings = { ...options, ...options.servers?.[serverName] };
      const prover = await proverOf(settings, storage, userId);
      const headers = new Headers();
      const target = new URL(url);
      if (nonce) prover?.cacheNonce({ headers: new Headers({ 'dpop-nonce': nonce }) }, target);
      await prover?.addProof(target, headers, method, token);
      return Object.fromEntries(headers);
    },
  };
}

/** @param {number | undefined} status @param {string | undefined} header */
function readAs(status, header) {
  const challenge = readChallenge(header);
  if (status === 403 && challenge.error !== 'invalid_token') challenge.error = 'insufficient_scope';
  return challenge;
}

/** How long before its end a token is replaced. The manager asks 30 to 60 s before. */
const MARGIN = 65_000;
/** Milliseconds after a new token within which a refusal counts as one of this token. */
const SERIES = 30_000;
const MOST_REFRESHES = 3;
const MOST_LOGINS = 8;

/** @param {Tokens} tokens */
function isFresh({ expiresAt, issuedAt = 0 }) {
  if (!expiresAt) return true;
  return expiresAt - Date.now() > Math.min(MARGIN, (expiresAt - issuedAt) / 2);
}

/** @param {Tokens} tokens */
function answerOf({ token }) {
  return token;
}

const KEPT =
  'issuer token_endpoint revocation_endpoint token_endpoint_auth_methods_supported dpop_signing_alg_values_supported'.split(
    ' ',
  );

/** @param {import('./discovery.js').Metadata} as */
function keptOf(as) {
  const kept = Object.fromEntries(KEPT.map((name) => [name, as[name]]));
  return /** @type {import('./discovery.js').Metadata} */ (kept);
}
