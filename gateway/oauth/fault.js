// Errors of the gateway in the words of mcp-tether/oauth, which passes its own kind on as it is.
// @ts-check

import { OAuthError } from 'mcp-tether/oauth';

/** @type {new (code: string, message: string, about?: { url?: string }) => OAuthError} */
export const LoginFault = /** @type {any} */ (OAuthError);
