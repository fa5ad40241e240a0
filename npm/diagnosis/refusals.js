// Explains unsuccessful responses: { detail, fix }.
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
    const detail = `status ${status} arrived, but not the response body within ${wire.timeout} ms`;
    return {
      detail,
      fix: 'Check the server, and look for a proxy that buffers streams (nginx: set proxy_buffering off).',
    };
  }
  if (message?.error)
    return {
      detail: `answered with ${said(answer)}`,
      fix: 'Check the log of the server: it rejects a request that the protocol defines.',
    };
  if (media === 'page') {
    const [, title] = /<title[^>]*>([^<]*)/i.exec(text) ?? [];
    return {
      detail: `answered with a web page${title ? `, ${quoted(title)}` : ''} (status ${status})`,
      fix: `${wrongPath} This URL serves a web page.`,
    };
  }
  if (status === 202 || status === 204) {
    return {
      detail: `a request was answered with ${status} and no body, as if it were a notification`,
      fix: 'Answer the POST of a request with its JSON-RPC response, as JSON or as an event stream.',
    };
  }
  if (media === 'stream')
    return {
      detail: 'the event stream ended without a response',
      fix: 'Check the log of the server, and look for a proxy that closes streams.',
    };
  return { detail: `answered with ${said(answer)}, which is not a JSON-RPC response`, fix: wrongPath };
}

/**
 * The status with the text of the response.
 * @param {Answer} answer
 */
export function said({ status, failure, message, text = '' }) {
  if (failure) return failure.words;
  const words = message?.error ? `JSON-RPC error ${message.error.code}: ${message.error.message}` : text;
  return words ? `${status} ${quoted(words)}` : String(status);
}

const wrongPath = 'Correct the path of the URL: it must be the path of the MCP endpoint, often /mcp.';

/** @param {Failure} failure */
function fixOf({ kind }) {
  return kind === 'hidden'
    ? 'Fix the problem reported by the cors step.'
    : 'Check that the URL is the MCP endpoint, and that no proxy or firewall delays requests to it.';
}

/** @param {Received} answer @param {Wire} wire @returns {Explanation} */
function redirect({ status, headers }, { url }) {
  const target = headers.get('location');
  const to = target ? shownUrl(target, url) : 'a URL that browsers hide from pages';
  return {
    detail: `answered with a redirect${status ? ` (${status})` : ''} to ${to}`,
    fix: `Configure the URL that the redirect points to${target ? `, ${to}` : ''}: a client must not send its credentials to the target of a redirect.`,
  };
}

/** @type {Record<string, (answer: Received, wire: Wire) => Explanation>} */
const remedies = {
  401: ({ headers }, wire) => {
    const challenge = headers.get('www-authenticate');
    const fix = wire.ownHeaders.includes('authorization')
      ? 'Renew the credentials: the server rejects the Authorization header that was sent.'
      : "Pass credentials: an Authorization header in the server's headers, or an auth provider.";
    return {
      detail: `refused with 401${challenge ? `, WWW-Authenticate: ${quoted(challenge)}` : ' and no readable WWW-Authenticate header'}`,
      fix,
    };
  },
  403: (answer, { origin }) => ({
    detail: `refused with ${said(answer)}`,
    fix: answer.isAboutOrigin
      ? `Allow the origin ${origin}: without an Origin header the server does not answer 403.`
      : `Grant these credentials access${origin ? `, or allow the origin ${origin}` : ''}.`,
  }),
  404: (answer) => ({ detail: `answered with ${said(answer)}`, fix: wrongPath }),
  405: (answer) => ({ detail: `answered with ${said(answer)}: this URL does not accept POST`, fix: wrongPath }),
  406: (answer) => ({
    detail: `refused with ${said(answer)}`,
    fix: 'Look for a proxy that changes the Accept header: application/json and text/event-stream were both sent.',
  }),
  415: (answer) => ({
    detail: `refused with ${said(answer)}`,
    fix: 'Look for a proxy that changes the Content-Type header: application/json was sent.',
  }),
  429: (answer) => ({
    detail: `refused with ${said(answer)}`,
    fix: `Try again later${wait(answer)}: the server limits the rate of requests.`,
  }),
  503: (answer) => ({
    detail: `refused with ${said(answer)}`,
    fix: `Try again later${wait(answer)}, and check that the server runs behind its proxy.`,
  }),
  broken: (answer) => ({
    detail: `failed with ${said(answer)}`,
    fix: 'Check the logs of the server and of the proxy in front of it.',
  }),
};

/** @param {Received} answer */
function wait({ headers }) {
  const after = headers.get('retry-after');
  return after ? ` (Retry-After: ${quoted(after, 40)})` : '';
}
