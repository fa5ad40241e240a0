// Explains unsuccessful responses: { detail, fix }.
// @ts-check

import { quoted, shownUrl } from './discreet.js';
import { parsed } from './exchange.js';
import { fixOfHost, loginPage } from './hosts.js';

/** @import { Answer, Explanation, Failure, Received } from './types.js' */
/** @import { Wire } from './wire.js' */

/**
 * Explains the answer to an `initialize`, which carries no session id: one that speaks of a session means its own.
 * @param {Answer} answer @param {Wire} wire @returns {Explanation}
 */
export function explainOpening(answer, wire) {
  const isAboutSession = /session.*(not found|unknown|expired|invalid|closed|terminated)|(unknown|invalid|no) session/i;
  if (answer.failure || ![400, 404].includes(answer.status)) return explain(answer, wire);
  if (
    answer.status === 400 &&
    /no valid session|(missing|requires?|required).*session|session.*(missing|required)/i.test(said(answer))
  )
    return { detail: `refused with ${said(answer)}`, fix: unparsed };
  if (!isAboutSession.test(answer.message?.error?.message ?? '')) return explain(answer, wire);
  return { detail: `refused with ${said(answer)}`, fix: oneForAll };
}

/** @param {Answer} answer @param {Wire} wire @returns {Explanation} */
export function explain(answer, wire) {
  if (answer.failure) return { detail: answer.failure.words, fix: answer.failure.fix ?? fixOf(answer.failure) };
  const { status, isRedirect } = answer;
  if (isRedirect || (status >= 300 && status < 400)) return redirect(answer, wire);
  // An error with status 200 is a refusal, too.
  const refusal = answer.message?.error && status < 400 ? { ...answer, status: 403 } : answer;
  const fix = fixOfWords(answer, wire) ?? fixOfHost(refusal) ?? fixOfLogin(refusal, wire);
  if (fix) return { detail: `refused with ${said(answer)}`, fix };
  const remedy = remedies[status] ?? (status >= 500 ? remedies.broken : undefined);
  if (remedy) return remedy(answer, wire);
  if (answer.event && !answer.message)
    return {
      detail: `the events of the stream are not JSON-RPC messages: ${quoted(answer.event)}`,
      fix: 'Send a JSON-RPC message, and nothing else, as the data of each event.',
    };
  if (answer.isLate) {
    const detail = `status ${status} arrived, but not the response body within ${wire.timeout} ms`;
    return {
      detail,
      fix: isCompressed(answer)
        ? notCompressed
        : 'Check the server, and look for a proxy that buffers streams (nginx: set proxy_buffering off).',
    };
  }
  return explainSuccess(answer);
}

/** A response that no status explains. @param {Received} answer @returns {Explanation} */
function explainSuccess(answer) {
  const { status, message, isForeign, media, text = '' } = answer;
  if (message || isForeign) return explainMessage(answer);
  if (media === 'page') {
    const [, title = ''] = /<title[^>]*>([^<]*)/i.exec(text) ?? [];
    const isLogin = /type=["']?password/i.test(text) || /\b(log|sign)[- ]?in\b/i.test(title);
    return {
      detail: `answered with a web page${title && `, ${quoted(title)}`} (status ${status})`,
      fix: isLogin ? loginPage : `${wrongPath(answer)} This URL serves a web page.`,
    };
  }
  if (media === 'stream') return explainStream(answer);
  if (status < 300 && text === '') {
    return {
      detail: `a request was answered with ${status} and no body, as if it were a notification`,
      fix: 'Answer the POST of a request with its JSON-RPC response, as JSON or as an event stream.',
    };
  }
  if (/^(event|data|id|retry)?:/.test(text))
    return {
      detail: `answered with an event stream whose Content-Type is ${quoted(answer.headers.get('content-type') ?? '')}`,
      fix: 'Send Content-Type: text/event-stream with event streams.',
    };
  const isCut = /^\s*\{\s*"(jsonrpc|id|result)"/.test(text);
  const fix = isCut
    ? 'Check the log of the server, and look for a proxy that cuts bodies: this JSON is not valid.'
    : wrongPath(answer);
  return {
    detail: `answered with ${said(answer)}, which is not a JSON-RPC response`,
    fix: isWrapped(text) ? unwrap : fix,
  };
}

const unwrap = 'Return the JSON-RPC message itself as the body: it is wrapped once more, as a string or in an object.';

/** Whether there is a message inside: functions encode their responses twice, or their host does. @param {string} text */
function isWrapped(text) {
  try {
    const value = JSON.parse(text);
    return parsed(String(value?.body ?? value)) !== undefined;
  } catch {
    return false;
  }
}

/** A JSON-RPC message that is not the result of `initialize`. @param {Received} answer @returns {Explanation} */
function explainMessage(answer) {
  const error = answer.message?.error;
  if (error)
    return {
      detail: `answered with ${said(answer)}`,
      fix:
        error.code === -32601
          ? `${wrongPath(answer)} The server at this URL speaks JSON-RPC, but does not know the method.`
          : 'Check the log of the server: it rejects a request that the protocol defines.',
    };
  if (answer.isForeign)
    return {
      detail: `answered with ${said(answer)}, which has another id than the request`,
      fix: 'Answer with the id of the request, as it was sent.',
    };
  return {
    detail: `answered with ${said(answer)}, without a protocolVersion`,
    fix: 'Add protocolVersion, capabilities and serverInfo to the result of initialize.',
  };
}

/** @param {Received} answer @returns {Explanation} */
function explainStream(answer) {
  if (answer.text)
    return {
      detail: `answered with ${said(answer)}, whose Content-Type is text/event-stream`,
      fix: 'Send Content-Type: application/json with JSON.',
    };
  return {
    detail: 'the event stream ended without a response',
    fix: 'Check the log of the server, and look for a proxy that closes streams.',
  };
}

/** Refusals for want of a login whose status does not say so. @param {Received} answer @param {Wire} wire */
function fixOfLogin(answer, wire) {
  const { status, message, text = '' } = answer;
  const words = message?.error?.message ?? text;
  return [400, 403].includes(status) && wantsLogin.test(words) ? credentials(wire) : undefined;
}

const wantsLogin =
  /not authenticated|authentication (credentials|(is )?required)|unauthori[sz]ed|(missing|no) (authorization|bearer|access token)/i;

/** @param {Wire} wire */
const credentials = ({ ownHeaders }) =>
  ownHeaders.includes('authorization')
    ? 'Renew the credentials: the server rejects the Authorization header that was sent.'
    : "Pass credentials: an Authorization header in the server's headers, or an auth provider.";

/** The one session of such a server may be over, and then no client gets another. */
export const oneForAll = 'Create a transport and a server for each session: this server has one for all.';

/** Whether a server asks for the id that was sent to it, or that it gave. @param {Answer} answer */
export const lacksId = (answer) =>
  answer.status === 400 && /session-id.*required|missing (mcp-)?session[- ]id/i.test(said(answer));

export const droppedId =
  'Let what is in front of the server pass Mcp-Session-Id on, in requests and responses: it is lost on the way.';

export const omittedId = 'Send Mcp-Session-Id with the response to initialize, too.';

/** The guides of the SDKs recognise `initialize` by the parsed body. */
const unparsed =
  'Parse JSON bodies before the route, app.use(express.json()): the server does not see that this is initialize.';

/** Unless it is flushed after each, until its window is full. */
export const notCompressed = 'Exclude text/event-stream from compression: a compressor holds events back.';

/** @param {Received} answer whose headers a page may not see */
export const isCompressed = ({ headers }) => headers.has('content-encoding');

/**
 * Causes that frameworks and proxies tell in words, with several statuses.
 * @param {Received} answer @param {Wire} wire
 */
function fixOfWords(answer, { url, origin }) {
  const { status, message, text = '' } = answer;
  const words = message?.error ? `${message.error.message} ${JSON.stringify(message.error.data ?? '')}` : text;
  if (status < 400) return undefined;
  const parser = fixOfParser(message?.error, words);
  if (parser) return parser;
  if (/already (initialized|connected)|cannot be reused/i.test(words)) return oneForAll;
  if (/(reading|property) ('|&#39;)(method|jsonrpc)/.test(words)) return unparsed;
  if (/task group is not initialized/i.test(words))
    return 'Run the session manager with the application: lifespan=lambda _: mcp.session_manager.run().';
  if (/end in a slash/.test(words)) return 'Configure the URL that the redirect points to, with a slash at the end.';
  if (/plain HTTP (request|to an SSL)|HTTP request to an HTTPS/i.test(words))
    return 'Use https:// in the URL: this port expects TLS.';
  if (
    status === 421 ||
    (status === 403 && /\bhosts?\b/i.test(words)) ||
    (status === 400 && /invalid (host|HTTP_HOST)/i.test(words))
  )
    return `Add ${new URL(url).host} to the allowed hosts of the server, or make the proxy send one of them: the Host header was refused.`;
  if (status === 403 && origin && /\borigin\b/i.test(words) && !answer.isAboutOrigin)
    return `Allow the origin ${origin}: the server refuses the Origin header.`;
  if (status === 403 && !origin && /\borigin\b/i.test(words))
    return 'Allow requests without an Origin header: only browsers send one. For a page, check with its origin.';
  if (status === 400 && /protocol.?version/i.test(words))
    return 'Answer initialize with a revision that the server speaks, whatever the client offers.';
  return undefined;
}

/** @param {{ code: number, message: string, data?: unknown } | undefined} error @param {string} words */
function fixOfParser(error, words) {
  const { code, message = '', data } = error ?? {};
  const cause = typeof data === 'string' && data ? data : String(message).replace(/^parse error\W*/i, '');
  if (
    /stream is not readable|body .*(used|consumed|read|disturbed)/i.test(words) ||
    (code === -32700 && /^$|json|syntax|empty/i.test(cause))
  )
    return 'Pass the parsed body on, handleRequest(req, res, req.body): a parser such as express.json() has read the request.';
  return code === -32700 ? `Fix what the server reports: ${quoted(cause)}.` : undefined;
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

/** @param {Received} answer */
const wrongPath = ({ elsewhere }) =>
  elsewhere
    ? `Correct the path of the URL: ${elsewhere} answers as an MCP endpoint does.`
    : 'Correct the path of the URL: it must be the path of the MCP endpoint, often /mcp.';

/** @param {Failure} failure */
function fixOf({ kind }) {
  return kind === 'hidden'
    ? 'Fix the problem reported by the cors step.'
    : 'Check that the URL is the MCP endpoint, and that no proxy or firewall delays requests to it.';
}

/**
 * The target of a redirect, as far as it can be read.
 * @param {Answer} answer @param {Wire} wire @returns {string | undefined}
 */
export function targetOf({ status = 200, isRedirect, headers, url: followed }, { url }) {
  if (!isRedirect && (status < 300 || status > 399)) return undefined;
  const target = headers?.get('location') ?? (followed === url ? undefined : followed);
  return target && URL.canParse(target, url) ? new URL(target, url).href : undefined;
}

/** @param {Received} answer @param {Wire} wire @returns {Explanation} */
function redirect(answer, wire) {
  const { status, leadsToPage } = answer;
  const target = targetOf(answer, wire);
  const to = target ? shownUrl(target) : 'a URL that browsers hide from pages';
  const detail = `answered with a redirect${status ? ` (${status})` : ''} to ${to}`;
  if (target === wire.url)
    return { detail, fix: 'Stop the redirect to the same URL: look at the rules of the server and of its proxy.' };
  if (leadsToPage)
    return { detail, fix: `Exclude this path from the login that redirects it: at ${to} is a web page.` };
  const [from, there] = [new URL(wire.url), new URL(target ?? wire.url)];
  const why = 'a client must not send its credentials to the target of a redirect';
  const usesTls = there.hostname === from.hostname && there.protocol === 'https:' && from.protocol === 'http:';
  if (usesTls) return { detail, fix: `Use https:// in the URL, ${to}, to which http:// is redirected: ${why}.` };
  const isForeign = there.origin !== from.origin;
  // A login has a path of its own.
  if (isForeign && there.pathname === from.pathname)
    return { detail, fix: `Configure ${to}, to which the server redirects: ${why}.` };
  return {
    detail,
    // A login that comes back, at the same origin.
    fix: `${isForeign || /=(https?%3A|%2F)/i.test(there.search) ? 'Exclude this path from the login that redirects it, or configure' : 'Configure'} the URL that the redirect points to${target ? `, ${to}` : ''}: ${why}.`,
  };
}

/** @type {Record<string, (answer: Received, wire: Wire) => Explanation>} */
const remedies = {
  401: ({ headers }, wire) => {
    const challenge = headers.get('www-authenticate');
    return {
      detail: `refused with 401${challenge ? `, WWW-Authenticate: ${quoted(challenge)}` : ' and no readable WWW-Authenticate header'}`,
      fix: credentials(wire),
    };
  },
  403: (answer, { origin, ownHeaders }) => ({
    detail: `refused with ${said(answer)}`,
    fix: answer.isAboutOrigin
      ? `Allow the origin ${origin}: without an Origin header the server does not answer 403.`
      : `${ownHeaders.length > 0 ? 'Grant these credentials access' : 'Allow requests without credentials, or pass some'}${origin ? `, or allow the origin ${origin}` : ''}.`,
  }),
  404: (answer) => ({ detail: `answered with ${said(answer)}`, fix: wrongPath(answer) }),
  405: (answer) => ({ detail: `answered with ${said(answer)}: this URL does not accept POST`, fix: wrongPath(answer) }),
  406: (answer) => ({
    detail: `refused with ${said(answer)}`,
    fix: 'Look for a proxy that changes the Accept header: application/json and text/event-stream were both sent.',
  }),
  415: (answer) => ({
    detail: `refused with ${said(answer)}`,
    fix: 'Look for a proxy that changes the Content-Type header (application/json was sent), or accept it with a charset, too.',
  }),
  429: (answer) => ({
    detail: `refused with ${said(answer)}`,
    fix: `Try again later${wait(answer)}: the server limits the rate of requests.`,
  }),
  502: (answer) => ({
    detail: `failed with ${said(answer)}`,
    fix: 'Start the server, or correct its address in the configuration of the proxy: the proxy got no valid response from it.',
  }),
  504: (answer) => ({
    detail: `failed with ${said(answer)}`,
    fix: 'Check why the server does not answer, or raise the timeout of the proxy (nginx: proxy_read_timeout): the proxy gave up.',
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
