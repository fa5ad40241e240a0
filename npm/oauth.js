// @ts-check
// OAuth 2.1 for MCP: auth providers for `connect`. A file of its own, for those who log in.

import { codeLogin } from './oauth/code.js';
import { OAuthError } from './oauth/error.js';
import { Provider } from './oauth/provider.js';
import { secure } from './oauth/web.js';

export { OAuthError } from './oauth/error.js';
export {
  clientCredentials,
  deviceCode,
  enterprise,
  fileStorage,
  jwtBearer,
  loopback,
  privateKeyJwt,
} from './oauth/more.js';
export { callback, popup, redirect } from './oauth/popup.js';
export { memoryStorage } from './oauth/storage.js';

/** Logs a user in by the authorization code flow. @param {any} options */
export function oauth(options) {
  const { authorize, redirectUri, clientMetadataUrl } = options;
  const bad = (/** @type {string} */ message) => new OAuthError('config', `oauth: ${message}`);
  if (typeof authorize !== 'function') throw bad('`authorize` has to be popup(), redirect(), loopback() or a function');
  if (!redirectUri && !authorize.redirectUri) throw bad('`redirectUri` is missing');
  // A scheme of an application's own is no URL to fetch; http is for this machine alone.
  if (/^http:/.test(redirectUri)) secure(redirectUri, '`redirectUri`');
  if (clientMetadataUrl && !/^https:\/\/[^/]+\/.+/.test(clientMetadataUrl))
    throw bad('`clientMetadataUrl` has to be an https URL with a path');
  return new Provider(options, codeLogin);
}
