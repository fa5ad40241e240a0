// @ts-check
// OAuth 2.1 for MCP: auth providers for `connect`. A file of its own, for those who log in.

import { codeLogin } from './oauth/code.js';
import { checked, forLogin } from './oauth/options.js';
import { Provider } from './oauth/provider.js';

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
  return new Provider(checked('oauth', options, forLogin), codeLogin);
}
