// @ts-check
// What an application may give a provider. It is checked at once: what is wrong would fail in the middle of a login.

import { OAuthError } from './error.js';
import { secure } from './web.js';

const TEXTS = ['clientId', 'clientSecret', 'scope', 'issuer'];
/** As it may be misspelt: `client_id`, `clientID`, `scopes`. @param {string} name */
const plain = (name) => name.replace(/_|s$/g, '').toLowerCase();

/** @typedef {(message: string) => OAuthError} Bad */

/**
 * The options of a provider and of its servers.
 *
 * @param {string} provider
 * @param {any} [options]
 * @param {(options: any, bad: Bad) => object} [complete] what this provider needs
 */
export function checked(provider, { servers = {}, ...common } = {}, complete) {
  const bad = (/** @type {string} */ message) => new OAuthError('config', `${provider}: ${message}`);
  const check = (/** @type {any} */ own) => {
    const given = { ...common, ...own };
    for (const [name, value] of Object.entries(given)) {
      const text = TEXTS.find((known) => plain(known) === plain(name));
      if (!text) continue;
      if (text !== name) throw bad(`\`${name}\` is called \`${text}\``);
      if (value != null && !value.trim?.()) throw bad(`\`${name}\` has to be a text`);
    }
    const { storage } = given;
    if (storage && !(storage.get && storage.set && storage.delete)) throw bad('`storage` needs get, set and delete');
    return { ...given, ...complete?.(given, bad) };
  };
  return {
    ...check({}),
    servers: Object.fromEntries(Object.keys(servers).map((name) => [name, check(servers[name])])),
  };
}

/** What a login needs: the redirect URI as it is registered. @param {any} options @param {Bad} bad */
export function forLogin({ authorize, redirectUri = '', clientMetadataUrl }, bad) {
  if (typeof authorize !== 'function') throw bad('`authorize` has to be popup(), redirect(), loopback() or a function');
  if (clientMetadataUrl && !/^https:\/\/[^/]+\/.+/.test(clientMetadataUrl))
    throw bad('`clientMetadataUrl` has to be an https URL with a path');
  if (!redirectUri && authorize.redirectUri) return {};
  let uri = String(redirectUri).trim();
  if (!URL.canParse(uri)) {
    const page = globalThis.location?.href;
    // A server that renders a page has no address yet, and no login.
    if (!page && authorize.isOfPage) return {};
    if (uri && URL.canParse(uri, page)) uri = new URL(uri, page).href;
  }
  if (!/^(?!javascript|file)[\w+.-]+:\/[^#]*$/i.test(uri))
    throw bad('`redirectUri` has to be a URL without a fragment');
  // A scheme of an application's own is no URL to fetch; http is for this machine alone.
  if (/^http:/i.test(uri)) secure(uri, '`redirectUri`');
  return { redirectUri: uri };
}
