// What an answer that was not hoped for means, and what to do about it: { detail, fix }.
// @ts-check

import { quoted, shownUrl } from './discreet.js';

/** @import { Answer, Explanation, Failure, Received } from './types.js' */
/** @import { Wire } from './wire.js' */

/** @param {Answer} answer @param {Wire} wire @returns {Explanation} */
export function explain(answer, wire) {
  if (answer.failure) return { detail: answer.failure.words, fix: answer.failure.fix ?? fixOf(answer.failure) };
  const { status, message, media, text = '', isRedirect } = answer;
  if (isRedirect || (status >= 300 && status < 400)) return redirect(answer, wire);
  const remedy = remedies[status] ?? (status >= 500 ? remedies.broken : undefined);
  if (remedy) return remedy(answer, wire);
  if (answer.isLate) {
    const detail = `status ${status} came at once, the answer itself not within ${wire.timeout} ms`;
    return {
      detail,
      fix: 'Look into the server, and for a proxy that gathers streams instead of passing them on (nginx: proxy_buffering off).',
    };
  }
  if (message?.error)
    return {
      detail: `answered with ${said(answer)}`,
      fix: 'Look into the server: it refuses a request that the protocol has.',
    };
  if (media === 'page') {
    const [, title] = /<title[^>]*>([^<]*)/i.exec(text) ?? [];
    return {
      detail: `answered with a web page${title ? `, ${quoted(title)}` : ''} (status ${status})`,
      fix: `${wrongPath} This address is a web page's.`,
    };
  }
  if (status === 202 || status === 204) {
    return {
      detail: `a request was answered with ${status} and nothing, as if it were a notification`,
      fix: 'Let the server answer the POST of a request with its result, as JSON or as an event stream.',
    };
  }
  if (media === 'stream')
    return {
      detail: 'the event stream ended without the answer',
      fix: 'Look into the server, and for a proxy that ends streams.',
    };
  return { detail: `answered with ${said(answer)}, which is no JSON-RPC answer`, fix: wrongPath };
}

/**
 * The status and what the server said with it.
 * @param {Answer} answer
 */
export function said({ status, failure, message, text = '' }) {
  if (failure) return failure.words;
  const words = message?.error ? `JSON-RPC error ${message.error.code}: ${message.error.message}` : text;
  return words ? `${status} ${quoted(words)}` : String(status);
}

const wrongPath = 'Correct the path of the address: it has to be that of the MCP endpoint, often /mcp.';

/** @param {Failure} failure */
function fixOf({ kind }) {
  return kind === 'hidden'
    ? 'Mend what the step cors names.'
    : 'Check that the address is that of the MCP endpoint, and that nothing between here and there holds requests back.';
}

/** @param {Received} answer @param {Wire} wire @returns {Explanation} */
function redirect({ status, headers }, { url }) {
  const target = headers.get('location');
  const to = target ? shownUrl(target, url) : 'an address that a page is not shown';
  return {
    detail: `answered with a redirect${status ? ` (${status})` : ''} to ${to}`,
    fix: `Configure the address that it leads to${target ? `, ${to}` : ''}: a client must not carry its credentials wherever a redirect points.`,
  };
}

/** @type {Record<string, (answer: Received, wire: Wire) => Explanation>} */
const remedies = {
  401: ({ headers }, wire) => {
    const challenge = headers.get('www-authenticate');
    const fix = wire.ownHeaders.includes('authorization')
      ? 'Renew the credentials: the server refuses the Authorization that was sent.'
      : "Give credentials: an Authorization among the server's headers, or an auth provider.";
    return {
      detail: `refused with 401${challenge ? `, WWW-Authenticate: ${quoted(challenge)}` : ' and no WWW-Authenticate that could be read'}`,
      fix,
    };
  },
  403: (answer, { origin }) => ({
    detail: `refused with ${said(answer)}`,
    fix: answer.isAboutOrigin
      ? `Let the origin ${origin} in: without an Origin the same request is not refused with 403.`
      : `Give these credentials the permission${origin ? `, or let the origin ${origin} in` : ''}.`,
  }),
  404: (answer) => ({ detail: `answered with ${said(answer)}`, fix: wrongPath }),
  405: (answer) => ({ detail: `answered with ${said(answer)}: this address takes no POST`, fix: wrongPath }),
  406: (answer) => ({
    detail: `refused with ${said(answer)}`,
    fix: 'Look for a proxy that changes Accept: application/json and text/event-stream were both named.',
  }),
  415: (answer) => ({
    detail: `refused with ${said(answer)}`,
    fix: 'Look for a proxy that changes Content-Type: application/json was sent.',
  }),
  429: (answer) => ({
    detail: `refused with ${said(answer)}`,
    fix: `Try again later${wait(answer)}: the server limits how often it is asked.`,
  }),
  503: (answer) => ({
    detail: `refused with ${said(answer)}`,
    fix: `Try again later${wait(answer)}, and look whether the server runs behind its proxy.`,
  }),
  broken: (answer) => ({
    detail: `failed with ${said(answer)}`,
    fix: 'Look into the log of the server, and of the proxy before it.',
  }),
};

/** @param {Received} answer */
function wait({ headers }) {
  const after = headers.get('retry-after');
  return after ? ` (Retry-After: ${quoted(after, 40)})` : '';
}
