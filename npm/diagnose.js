// Tests one server step by step, and reports findings with fixes. Loaded on demand by `manager.diagnose()` and by the command
// `mcp-tether doctor`.
// @ts-check

import { examineAuthorization } from './diagnosis/authorization.js';
import { corsDoctor } from './diagnosis/cors.js';
import { shownUrl } from './diagnosis/discreet.js';
import { findLoopback } from './diagnosis/elsewhere.js';
import { open } from './diagnosis/opening.js';
import { isThere, watchPolicy } from './diagnosis/page.js';
import { explain, explainOpening } from './diagnosis/refusals.js';
import { Wire } from './diagnosis/wire.js';

/** @import { Answer, Finding, Resolve, Server, StepName } from './diagnosis/types.js' */
/** @import { Diagnosis, DiagnosisOptions } from './index.js' */

export { outcomeOf, verdictOf } from './diagnosis/verdict.js';
export { shownUrl };

/**
 * How a manager's requests reach a server: by the server's own `fetch` or the manager's, without the wrappers of the entries.
 *
 * @typedef {typeof fetch & { base?: Injected, plain?: typeof fetch }} Injected
 * @param {{ own?: { fetch?: typeof fetch }, fetch?: Injected, url: string, headers: Record<string, string>, sse?: boolean, protocolVersion?: string }} found
 */
export function reach({ own, fetch: given, headers: { 'mcp-tether-server': _mark, ...headers }, ...target }) {
  const injected = given?.base ?? given;
  const users = own?.fetch ?? (injected?.plain ? undefined : injected);
  const used = users ? withStream(users) : injected?.plain;
  return { ...target, headers, ...(used && { fetch: used }) };
}

/**
 * A user's `fetch`, whose responses may have streams of Node or none (docs/sdk.md#a-fetch-of-your-own).
 * @param {typeof fetch} send
 * @returns {typeof fetch}
 */
const withStream = (send) => async (url, init) => {
  /** @type {any} */
  const response = await send(url, init);
  const { status, headers, type, url: from, body } = response;
  if (body?.getReader) return response;
  body?.on?.('error', () => {}); // an unread stream of node-fetch emits one at an abort
  const isOfNode = body?.[Symbol.asyncIterator];
  const stream = isOfNode ? /** @type {any} */ (ReadableStream).from(body) : new Response(await response.text()).body;
  return { status, headers, type, url: from, body: stream };
};

/** Milliseconds. A healthy server needs a few; a cold one may have to start. */
const defaultTimeout = 5_000;

/**
 * Opens two sessions of its own, one after the other, and ends them; existing sessions are not touched.
 *
 * @param {Resolve} resolve
 * @param {DiagnosisOptions} [options]
 * @returns {Promise<Diagnosis>}
 */
export async function diagnose(resolve, { origin, timeout = defaultTimeout } = {}) {
  const wire = new Wire(resolve, { origin, timeout });
  const cors = corsDoctor(wire);
  const report = new Report(wire);
  const { answer, server } = await open(wire);
  report.add('reachable', answer, await reachable(wire, answer));
  const isReached = report.steps.reachable?.ok ?? false;
  if (server) {
    report.add('initialize', server.answer, withRedirect(wire, server.initialize()));
    await report.time('sessionHeader', () => server.sessionHeader());
    await report.time('reuse', () => server.reuse());
    await report.time('cors', () => cors.examineSession(server));
    await report.time('terminate', () => server.terminate());
  } else {
    report.add(
      'initialize',
      isReached ? answer : { ms: 0 },
      isReached ? { ok: false, ...explainOpening(answer, wire) } : notReached,
    );
    for (const name of /** @type {const} */ (['sessionHeader', 'reuse', 'terminate']))
      report.add(name, { ms: 0 }, { ok: false, detail: 'not tried: no session was created' });
  }
  await report.time('cors', () => (isReached ? cors.examineEnd(server, answer) : notReached));
  if (isReached && !answer.failure) {
    await report.time('authorization', () => examineAuthorization(wire, answer));
    if (answer.status === 401 && !wire.ownHeaders.includes('authorization')) report.leaveToLogin();
  }
  return report.result(server);
}

/** A redirect within the origin is followed by this client; by others not, or with a GET. @param {Wire} wire @param {Finding} found @returns {Finding} */
function withRedirect(wire, found) {
  if (!wire.hasMoved) return found;
  const to = shownUrl(wire.url);
  const fix = `Configure the URL that the redirect points to, ${to}: many clients do not follow it.`;
  return { fix, ...found, detail: `${found.detail}; the configured URL redirects to ${to}` };
}

const notReached = { ok: false, detail: 'not tried: the server was not reached' };

/** @param {Wire} wire @param {Answer} answer @returns {Promise<Finding>} */
async function reachable(wire, answer) {
  if (!answer.failure)
    return { ok: true, detail: `the server responds with status ${answer.isRedirect ? '3xx' : answer.status}` };
  const loopback = answer.failure.kind === 'refused' && (await findLoopback(wire));
  if (loopback) {
    const { host } = new URL(wire.url);
    return {
      ok: false,
      detail: `the connection to ${host} was refused: the server listens at ${new URL(loopback).host} only`,
      fix: `Use ${loopback} in the URL, or let the server listen at both addresses of localhost, 127.0.0.1 and [::1].`,
    };
  }
  if (answer.failure.kind !== 'hidden') return { ok: false, ...explain(answer, wire) };
  const { result, why } = await watchPolicy(wire, () => isThere(wire));
  return result
    ? { ok: true, detail: 'the server responds, but the browser hides the response from this page' }
    : { ok: false, detail: '', ...why };
}

/** The steps in order, without secrets. */
class Report {
  /** @type {Record<StepName, (Finding & { name: StepName, ms: number }) | undefined>} */
  steps = {
    reachable: undefined,
    initialize: undefined,
    sessionHeader: undefined,
    reuse: undefined,
    terminate: undefined,
    cors: undefined,
    authorization: undefined,
  };

  /** @param {Wire} wire */
  constructor(wire) {
    this.wire = wire;
  }

  /** @param {StepName} name @param {{ ms: number }} answer @param {Finding | void} found */
  add(name, { ms }, found) {
    this.steps[name] = { name, ms, ...(found ?? { ok: false, detail: '' }) };
  }

  /**
   * Measures a step. Of a step with two parts, the last finding counts.
   * @param {StepName} name
   * @param {() => Finding | void | Promise<Finding | void>} examine
   */
  async time(name, examine) {
    const started = performance.now();
    const found = await examine();
    if (!found && name === 'authorization') return;
    this.add(name, { ms: (this.steps[name]?.ms ?? 0) + Math.round(performance.now() - started) }, found);
  }

  /** Where users can log in, a server that refuses those who have not is in order: what needs a session is not checked. */
  leaveToLogin() {
    if (!this.steps.authorization?.ok) return;
    for (const name of /** @type {const} */ (['initialize', 'sessionHeader', 'reuse', 'terminate'])) {
      const detail = 'not checked: the server asks for a login; pass a token of one';
      this.steps[name] = { name, ms: this.steps[name]?.ms ?? 0, ok: true, detail };
    }
  }

  /** @param {Server | undefined} server @returns {Diagnosis} */
  result(server) {
    const redacted = (/** @type {string} */ text) => this.wire.discretion.redacted(text);
    const examined = Object.values(this.steps).filter((step) => step !== undefined);
    const steps = examined.map(({ name, ok, ms, detail, fix }) => ({
      name,
      ok,
      ms,
      detail: redacted(detail),
      ...(fix && { fix: redacted(fix) }),
    }));
    const known = server?.protocolVersion;
    return {
      ok: steps.every(({ ok }) => ok),
      ...(server && { kind: server.kind }),
      ...(known && { protocolVersion: redacted(String(known)) }),
      steps,
    };
  }
}
