// @ts-check
// An auth provider: when it refreshes, and when it logs in. How it logs in is its `acquire`.

import { more } from '../oauth-lazy.js';
import { readChallenge } from './challenge.js';
import { channelOf } from './channel.js';
import { redeem } from './code.js';
import { Credentials, isFresh } from './credentials.js';
import { discover } from './discovery.js';
import { cancelled, isOfClient, OAuthError, said } from './error.js';
import { join } from './flights.js';
import { missing, union } from './scope.js';
import { defaultStorage } from './storage.js';
import { claimsOf, post, readTokens } from './tokens.js';

/**
 * @typedef {import('./web.js').Web} Web
 * @typedef {import('./credentials.js').Entry} Entry
 * @typedef {import('./credentials.js').Place} Place
 * @typedef {import('./credentials.js').Tokens} Tokens
 * @typedef {{ hints: string[], scope?: string, error?: string, error_description?: string }} Challenge
 *
 * @typedef {object} Login what `acquire` is given
 * @property {Web} web
 * @property {Place} place
 * @property {import('./discovery.js').Found} found
 * @property {string} [sent] the `resource` parameter
 * @property {string} [scope]
 * @property {Entry} [entry]
 * @property {import('./tokens.js').Prover} [prover]
 * @property {number} [outs] see `Entry`
 * @property {(client: import('./client.js').Client) => Promise<void>} keepClient
 *
 * @typedef {(login: Login) => Promise<{ json: any, client: any, scope?: string, withoutOffline?: boolean }>} Acquire
 */

/** Milliseconds after a new token within which a refusal counts as one of this token. */
const SERIES = 30_000;
const MOST_REFRESHES = 3;
const MOST_LOGINS = 8;

export class Provider {
  #options;
  #acquire;
  #credentials;

  /** @param {any} options @param {Acquire} acquire @param {() => any} [usual] storage */
  constructor(options, acquire, usual = defaultStorage) {
    this.#options = options;
    this.#acquire = acquire;
    this.#credentials = new Credentials(options.storage ?? usual());
  }

  /** @param {any} context */
  async token(context) {
    const { status, challenge, attempt, signal, interactive = true } = context;
    const place = await this.#locate(context);
    const isRefused = status !== undefined || challenge !== undefined;
    const answer = readAs(status, challenge);
    const tokens = isRefused
      ? await this.#fly(place, `renew ${interactive}`, signal, (web) =>
          this.#renew(place, web, answer, attempt, interactive),
        )
      : await this.#fly(place, 'recall', signal, (web) => this.#recall(place, web));
    const { state } = place;
    // Returned once more, for another session: whether it was accepted is not known any more.
    if (attempt === 0 && tokens?.token === state.handed) state.attempt = 0;
    state.handed = tokens?.token;
    if (!tokens) return undefined;
    const { token, scheme, expiresAt, subject } = tokens;
    return { token, scheme, expiresAt, subject };
  }

  /** @param {string} userId @param {string} serverName @param {{ url?: string, signal?: AbortSignal, refusal?: any }} [about] */
  async signIn(userId, serverName, { url, signal, refusal } = {}) {
    // In the click itself: a window that is opened later may be blocked.
    const opened = this.#settings(serverName).authorize?.prepare?.();
    try {
      const place = await this.#locate({ userId, serverName, url });
      const known = refusal
        ? unhanded(place, await this.#credentials.load(place))
        : await this.#fly(place, 'recall', signal, (web) => this.#recall(place, web));
      const challenge = readAs(refusal?.status, refusal?.challenge);
      if (!known) await this.#fly(place, 'renew true', signal, (web) => this.#logIn(place, web, challenge));
    } finally {
      opened?.release();
    }
  }

  /** @param {string} userId @param {string} serverName @param {{ url?: string, signal?: AbortSignal }} [about] */
  async signOut(userId, serverName, { url, signal = new AbortController().signal } = {}) {
    const place = await this.#locate({ userId, serverName, url });
    const web = webOf(place, signal);
    place.state.aborter?.abort();
    /** @type {Entry | undefined} */
    let entry;
    await this.#credentials.edit(place, web, (stored) => {
      entry = stored;
      return stored && { ...stored, tokens: undefined, requested: undefined, outs: (stored.outs ?? 0) + 1 };
    });
    Object.assign(place.state, { handed: undefined, since: 0 });
    if (entry?.tokens && entry.as.revocation_endpoint) await (await more()).revoke(web, entry, post);
  }

  /** The headers of a request with a token that is bound to a key (RFC 9449): a proof of its own for each. @param {any} request */
  async headers(request) {
    const { userId, serverName } = request;
    return (await more()).proofOf(await this.#prover({ settings: this.#settings(serverName), userId }), request);
  }

  /** @param {string} serverName */
  #settings(serverName) {
    return { ...this.#options, ...this.#options.servers?.[serverName] };
  }

  /** @param {any} about */
  #locate({ userId, serverName, url, fetch }) {
    const settings = { fetch: fetch ?? globalThis.fetch.bind(globalThis), ...this.#settings(serverName) };
    return this.#credentials.locate(settings, { userId, serverName, url });
  }

  /** @param {Place} place @param {string} kind @param {AbortSignal | undefined} signal @param {(web: Web) => Promise<any>} act */
  #fly(place, kind, signal, act) {
    return join(place.state.flights, kind, signal, (shared) => act(webOf(place, shared)));
  }

  /** @param {Pick<Place, 'settings' | 'userId'>} place @param {import('./discovery.js').Metadata} [as] none: of a token that is bound already */
  async #prover({ settings, userId }, as) {
    if (!settings.dpop || (as && !as.dpop_signing_alg_values_supported)) return undefined;
    return (await more()).proverOf(this.#credentials.storage, userId);
  }

  /** What is stored, refreshed if it is about to expire. @param {Place} place @param {Web} web */
  async #recall(place, web) {
    const back = place.settings.authorize?.take?.(place.key);
    if (back) return this.#resume(place, web, back);
    const tokens = (await this.#credentials.load(place))?.tokens;
    if (!tokens || isFresh(tokens)) return tokens;
    try {
      return await this.#refresh(place, web, tokens.token);
    } catch (/** @type {any} */ error) {
      if (Number(tokens.expiresAt) > Date.now()) return tokens;
      throw error;
    }
  }

  /** Goes on with a login that has left the page. @param {Place} place @param {Web} web @param {any} back */
  async #resume(place, web, { pending, callback }) {
    const prover = await this.#prover(place, pending.as);
    try {
      const done = await redeem(web, pending, callback, prover, async () => {});
      return await this.#keep(place, web, { ...aboutOf(pending), ...done, isBound: Boolean(prover) });
    } catch (/** @type {any} */ error) {
      // The request goes without a token then, and is refused: that is no reason to leave the page again.
      place.state.failure = error;
      place.state.since = Date.now();
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
  #refresh(place, web, stale) {
    return this.#credentials.alone(place, web, async () => {
      const entry = await this.#credentials.load(place);
      const tokens = entry?.tokens;
      if (!entry?.client || !tokens || (tokens.token !== stale && isFresh(tokens))) return tokens;
      if (!tokens.refresh) return undefined;
      try {
        entry.tokens = await this.#spend(place, web, entry, tokens);
      } catch (/** @type {any} */ error) {
        if (error.isTransient || web.signal.aborted) throw error;
        const now = await this.#credentials.load(place);
        // Another tab was faster, without a lock: what it has stored is not ours to delete.
        if (now?.tokens && now.tokens.refresh !== tokens.refresh) return now.tokens;
        entry.tokens = undefined;
        if (isOfClient(error.code) && entry.client.kind === 'registered') entry.client = undefined;
      }
      await this.#credentials.store(place, entry);
      return entry.tokens;
    });
  }

  /** @param {Place} place @param {Web} web @param {Entry} entry @param {Tokens} tokens @returns {Promise<Tokens>} */
  async #spend(place, web, { as, sent: resource, client }, { refresh, scope, subject }) {
    const prover = await this.#prover(place, as);
    const parameters = { grant_type: 'refresh_token', refresh_token: refresh, scope, resource };
    const known = /** @type {import('./client.js').Client} */ (client);
    const json = await post(web, as, known, 'token_endpoint', parameters, prover);
    const renewed = readTokens(json, { scope, refresh, as, isBound: Boolean(prover) });
    return { ...renewed, subject, issuedAt: Date.now() };
  }

  /**
   * The server has refused the token that it was sent, or that there was none.
   *
   * @param {Place} place
   * @param {Web} web
   * @param {Challenge} challenge
   * @param {number | undefined} attempt of the manager, which knows whether a token was accepted since the one before; without it the time has to say that
   * @param {boolean} interactive whether the user may be asked
   */
  async #renew(place, web, challenge, attempt, interactive) {
    const { state } = place;
    const entry = await this.#credentials.load(place);
    const tokens = entry?.tokens;
    const newer = unhanded(place, entry);
    if (newer) return newer;
    const wantsScope = challenge.error === SCOPE;
    if ((state.attempt && attempt === 1) || Date.now() - state.since > SERIES) {
      // A token that lacks scopes is a login of this series.
      Object.assign(state, { failure: undefined, refreshes: 0, logins: Number(wantsScope && tokens !== undefined) });
    }
    state.attempt = attempt;
    const mayRefresh = !wantsScope && state.refreshes < (attempt ? 1 : MOST_REFRESHES);
    const renewed = tokens && mayRefresh && (await this.#refresh(place, web, tokens.token));
    if (renewed) {
      state.refreshes += 1;
      state.since = Date.now();
      return renewed;
    }
    checkSeries(place, challenge, entry);
    if (!interactive) throw new OAuthError('login_required', `${place.url} needs a login`, { url: place.url });
    return this.#logIn(place, web, challenge);
  }

  /**
   * One login, also over tabs that ask for it at once: the first one that is answered ends the others.
   *
   * @param {Place} place
   * @param {Web} web
   * @param {Challenge} challenge
   * @returns {Promise<Tokens>}
   */
  async #logIn(place, web, challenge) {
    const channel = channelOf(place.key);
    const aborter = new AbortController();
    place.state.aborter = aborter;
    try {
      return await new Promise((resolve, reject) => {
        aborter.signal.onabort = () => reject(cancelled());
        if (channel)
          channel.onmessage = async () => {
            const entry = await this.#credentials.load(place);
            const newer = missing(challenge.scope, entry?.requested) ? undefined : unhanded(place, entry);
            if (newer) resolve(newer);
          };
        const signal = AbortSignal.any([web.signal, aborter.signal]);
        this.#askUser(place, { ...web, signal }, challenge).then(resolve, reject);
      });
    } finally {
      aborter.abort();
      channel?.close();
    }
  }

  /** @param {Place} place @param {Web} web @param {Challenge} challenge */
  async #askUser(place, web, { hints, scope: challenged }) {
    const { settings, url } = place;
    let entry = await this.#credentials.load(place);
    const found = await discover(web, url, hints, entry?.issuer);
    const { as, resource } = found;
    const outs = entry?.outs;
    await checkIssuer(place, as.issuer, entry?.issuer);
    if (entry && (entry.issuer !== as.issuer || entry.resource !== resource)) entry = undefined;
    let scope = union(entry?.requested, challenged || found.scopes?.join(' ') || settings.scope);
    if (scope && !entry?.withoutOffline && as.scopes_supported?.includes?.('offline_access'))
      scope = union(scope, 'offline_access');
    // `null` leaves it out, for servers that refuse it (Entra).
    const sent = settings.resource === null ? undefined : (settings.resource ?? resource);
    const prover = await this.#prover(place, as);
    const about = aboutOf({ ...found, sent, outs });
    const keepClient = (/** @type {any} */ client) => this.#store(place, web, { ...about, client });
    const done = await this.#acquire({ web, place, found, sent, scope, entry, prover, outs, keepClient });
    return this.#keep(place, web, { ...about, ...done, isBound: Boolean(prover) });
  }

  /** What a login has brought, unless the user has signed out since it began. @param {Place} place @param {Web} web @param {any} brought */
  #store(place, web, brought) {
    return this.#credentials.edit(place, web, (stored) => {
      if (stored?.outs !== brought.outs) throw cancelled();
      return { ...(stored?.issuer === brought.issuer && stored), ...brought };
    });
  }

  /** @param {Place} place @param {Web} web @param {any} done */
  async #keep(place, web, { json, isBound, scope, ...about }) {
    const tokens = { ...readTokens(json, { as: about.as, scope, isBound }), issuedAt: Date.now() };
    await this.#store(place, web, {
      ...about,
      requested: scope,
      tokens,
    });
    place.state.logins += 1;
    place.state.since = Date.now();
    const channel = channelOf(place.key);
    channel?.postMessage('');
    channel?.close();
    return tokens;
  }
}

const SCOPE = 'insufficient_scope';

/** A token that was not returned yet: of another tab, or of a login just now. @param {Place} place @param {Entry | undefined} entry */
function unhanded({ state }, entry) {
  const tokens = entry?.tokens;
  return tokens && tokens.token !== state.handed && isFresh(tokens) ? tokens : undefined;
}

/** Refuses one more login where those before did not help. @param {Place} place @param {Challenge} challenge @param {Entry | undefined} entry */
function checkSeries({ url, state }, { error, error_description, scope }, entry) {
  const { attempt, failure, logins } = state;
  state.failure = undefined;
  if (failure) throw failure;
  const wantsScope = error === SCOPE;
  if (
    logins < (wantsScope ? 3 : 1 + Number(!attempt)) ||
    (wantsScope && missing(scope, entry?.requested) && logins < MOST_LOGINS)
  )
    return;
  const token = entry?.tokens?.token;
  const what = wantsScope ? `asks for the scope ${scope ?? 'unknown'} again` : 'refuses new tokens';
  const claims = JSON.stringify(claimsOf(token), ['aud', 'exp', 'scope']);
  const message = said(`${url} ${what} of ${entry?.issuer} ${claims}`, error_description, [token]);
  throw new OAuthError(wantsScope ? SCOPE : 'invalid_token', message, { url });
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
    throw new OAuthError('issuer_changed', `the application refuses ${issuer}`, {
      url: issuer,
    });
}

/** @param {Place} place @param {AbortSignal} signal @returns {Web} */
const webOf = ({ settings }, signal) => ({ fetch: settings.fetch, signal, proof: settings.key && settings });

/** @param {number | undefined} status @param {string | undefined} header @returns {Challenge} */
function readAs(status, header) {
  const challenge = readChallenge(header);
  if (status === 403 && challenge.error !== 'invalid_token') challenge.error = SCOPE;
  return challenge;
}

const KEPT = [
  'issuer',
  'token_endpoint',
  'revocation_endpoint',
  'token_endpoint_auth_methods_supported',
  'dpop_signing_alg_values_supported',
];

/** What is stored of a login. @param {any} login */
const aboutOf = ({ as, resource, sent, outs }) => ({
  as: /** @type {any} */ (Object.fromEntries(KEPT.map((name) => [name, as[name]]))),
  issuer: as.issuer,
  resource,
  sent,
  outs,
});
