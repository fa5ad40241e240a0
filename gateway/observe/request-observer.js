// Watches one request at the entry: its log line, its duration and its span. What a session's object answers, the object tells itself.
// @ts-check

import { streamHeaders } from '../answers.js';
import { isEventStream } from '../event-stream.js';
import { RawJson, read } from '../raw-json.js';
import { partsOf } from '../session-places.js';
import { nameOf, outcomeOfResult, outcomeOfStatus } from './outcomes.js';
import { noteRequest, noteUpstream } from './request-line.js';
import { isTracing, Span } from './telemetry.js';
import { carried, contextIn, contextOf } from './trace-context.js';

/** @import { IncomingRequest } from '../incoming-request.js' */
/** @import { Answer, Head, Rpc } from '../types.js' */
/** @import { Outcome } from './outcomes.js' */

// Requests without a JSON-RPC method.
/** @type {Record<string, string>} */
const kinds = { POST: 'message', GET: 'stream', DELETE: 'end', OPTIONS: 'other', other: 'other' };

export class RequestObserver {
  #at = Date.now();
  /** @type {string | undefined} */
  key; // of the user
  /** @type {string | undefined} */
  #owner; // of the session
  /** @type {string | undefined} */
  method; // of the JSON-RPC message
  /** @type {string | undefined} */
  protocol;
  /** @type {{ replica?: string | undefined } | undefined} */
  way; // of a request of 2026-07-28
  #isTold = false; // whether the session's object has written the line
  /** @type {Outcome | undefined} */
  #outcome;
  #head;
  /** @type {Span | undefined} */
  #span;

  /** @param {Head} head the headers */
  constructor(head) {
    this.#head = head;
  }

  /** The trace context for a session's object: @param {string} text of the POST */
  contextFor(text) {
    const given = contextOf(this.#head);
    if (!isTracing()) return given;
    this.#span ??= new Span(given ?? contextWithin(text));
    return this.#span.context;
  }

  /**
   * A request of 2026-07-28 goes to the server. Returns its message and its headers, with the trace context.
   * @param {RawJson} body
   * @param {string} text
   */
  carry(body, text) {
    this.method = String(body.get('method'));
    this.protocol = this.#head['mcp-protocol-version'];
    const given = contextOf(this.#head);
    const own = body.get('params');
    if (isTracing()) this.#span ??= new Span(given ?? contextIn(own));
    const { params, head } = carried(own, given, this.#span?.context);
    const { traceparent, tracestate, baggage, ...others } = this.#head;
    const message = params === own ? body : body.copy().set('params', params);
    return { body: message, text: params === own ? text : message.text, head: { ...others, ...head } };
  }

  /**
   * The object of a session has answered. It notes requests itself, which it answers with 200.
   * @param {string} owner of the session
   * @template {Answer | Promise<Answer>} Given
   * @param {Given} answer
   * @param {boolean} isPost
   */
  answeredBy(owner, answer, isPost) {
    this.#owner = owner;
    this.#isTold = isPost && (answer instanceof Promise || answer.status === 200);
    return answer;
  }

  /** A server has answered a request of 2026-07-28: @param {Pick<Rpc, 'result' | 'error'>} answer */
  answered({ result, error }) {
    this.#outcome = error ? 'rpc_error' : outcomeOfResult(result);
  }

  /** A request of 2026-07-28 was not sent: @param {Outcome} outcome */
  failed(outcome) {
    this.#outcome = outcome;
  }

  /** A session was opened, or its server has refused: @param {Answer & { opened?: boolean }} answer */
  opening({ status, opened }) {
    this.method = 'initialize';
    if (status === 200 && !opened) this.#outcome = 'rpc_error';
  }

  /** The response to a browser: @param {Response} response @param {IncomingRequest} incoming @param {'login' | 'landing'} route */
  visited(response, { request, settings }, route) {
    const { status } = response;
    const line = { outcome: outcomeOfStatus(status), ms: Date.now() - this.#at, route, status };
    noteRequest({ ...line, http: httpOf(request) }, settings.log);
    return response;
  }

  /** Measures a server's time: @param {string} server @param {Promise<Response>} response */
  timed(server, response) {
    const at = Date.now();
    response.then(
      ({ status }) => noteUpstream(server, status, Date.now() - at),
      () => noteUpstream(server, 0, Date.now() - at),
    );
    return response;
  }

  /** @param {Answer} answer @param {IncomingRequest} incoming */
  ended({ status, headers }, incoming) {
    const type = headers?.['content-type'];
    const isStream = status === 200 && (headers === streamHeaders || isEventStream(type));
    const outcome = this.#outcome ?? (isStream ? 'stream' : outcomeOfStatus(status));
    const span = isTracing() ? (this.#span ?? new Span(contextOf(this.#head), this.#at)) : undefined;
    if (this.#isTold && !span) return;
    const { route, server, settings, request, env, ctx } = incoming;
    const session = this.#owner === undefined ? undefined : partsOf(this.#owner).handle;
    const { key, method, protocol } = this;
    const http = httpOf(request);
    const named = route.name === 'mcp' ? kinds[http] : 'other';
    const kind = method === undefined ? named : undefined;
    const place = { server, session, route: route.name ?? 'none', http, status };
    if (!this.#isTold) {
      const ms = Date.now() - this.#at;
      noteRequest(
        { ...place, replica: this.way?.replica, outcome, ms, key, protocol, method, kind, trace: span?.traceId },
        settings.log,
      );
    }
    span?.end(spanOf({ ...place, method, outcome: this.#isTold ? undefined : outcome }), env, ctx);
  }
}

/**
 * @param {{ route: string, http: string, status: number, server: string | undefined, session: string | undefined, method: string | undefined,
 *   outcome: Outcome | undefined }} request
 */
function spanOf({ route, http, status, server, session, method, outcome }) {
  const name = method && nameOf(method);
  const isFailed = status >= 400 || (outcome !== undefined && outcome !== 'ok' && outcome !== 'stream');
  return {
    name: name ?? `${http} ${route}`,
    kind: /** @type {const} */ ('server'),
    attributes: {
      'http.request.method': http,
      'http.response.status_code': status,
      'http.route': route,
      ...(server && { 'mcp_tether.server': server }),
      ...(session && { 'mcp_tether.session': session }),
      ...(name && { 'mcp.method.name': name }),
      ...(outcome && { 'mcp_tether.outcome': outcome }),
      ...(isFailed && { 'error.type': outcome ?? String(status) }),
    },
    status: isFailed ? /** @type {const} */ ('error') : /** @type {const} */ ('unset'),
  };
}

/** @param {Request} request */
function httpOf({ method }) {
  return Object.hasOwn(kinds, method) ? method : 'other';
}

// The entry does not parse messages of a session, except for the trace that they belong to.
/** @param {string} text */
function contextWithin(text) {
  if (!text.includes('"traceparent"')) return undefined;
  try {
    const message = read(text);
    return message instanceof RawJson && message.isObject ? contextIn(message.get('params')) : undefined;
  } catch {
    return undefined; // refused by the session
  }
}
