// Why a request has no token, and what its client is told.
// @ts-check

/** @import { RpcError } from '../types.js' */
/** @import { Invitation } from './pending-login.js' */

const URL_ELICITATION_REQUIRED = -32042; // 2025-11-25 client/elicitation
const OUR_ERROR = 1000; // as the transport's errors that no server sent

/** With the login that would get a token, if one would. */
export class LoginError extends Error {
  /** @param {string} message @param {Invitation} [login] */
  constructor(message, login) {
    super(message);
    this.login = login;
  }

  /** @param {string} server @param {boolean} isRevisionOfError whether -32042 means something to the client @returns {RpcError} */
  forClient(server, isRevisionOfError) {
    const { login } = this;
    const words = `${server}: ${this.message}`;
    if (!login) return { code: OUR_ERROR, message: words, data: { code: 'unauthorized', retryable: false } };
    const message = `${words}. Open ${login.url} in a browser, then try again`;
    if (isRevisionOfError) {
      const elicitations = [{ ...elicitation(server, login), elicitationId: login.id }];
      return { code: URL_ELICITATION_REQUIRED, message, data: { elicitations } };
    }
    return { code: OUR_ERROR, message, data: { code: 'unauthorized', retryable: false, url: login.url } };
  }
}

/** The params of `elicitation/create`: @param {string} server @param {Invitation} login */
export function elicitation(server, { url, host }) {
  const message = `${server} needs your login at ${host}. The link works once, for ten minutes.`;
  return { mode: 'url', url, message };
}
