// A proxy with CORS in front of a real MCP server. On demand it drops sessions, restarts the server, and makes requests
// fail.

import { randomUUID } from 'node:crypto';
import { faults } from './proxy/faults.mjs';
import { breakConnection, forward } from './proxy/forward.mjs';
import { answerPreflight, isForeignOrigin, setCorsHeaders } from './shared/cors.mjs';
import { listen } from './shared/listen.mjs';
import { parseJson, readText, rpcError, sendJson } from './shared/messages.mjs';

const keptCalls = 10_000;

/**
 * @param {object} options
 * @param {string} options.upstream the real server's MCP address
 * @param {(downMs?: number) => Promise<void>} [options.restart] kills the real server and starts it again, after a while
 * @param {() => string[]} [options.origins] the allowed page origins; every origin when left out
 * @param {number} [options.port]
 */
export async function startFaultProxy({ upstream, restart, origins, port = 0 }) {
  const target = new URL(upstream);
  const seen = new Set();
  const forgotten = new Set();
  const quietlyForgotten = new Set();
  const pending = [];
  const calls = new Set();
  const counts = {
    since: randomUUID(),
    http: {},
    rpc: {},
    status: {},
    faults: {},
    forgottenAnswers: 0,
    unreachable: 0,
    broken: 0,
    restarts: 0,
    clients: {},
  };
  const listening = new Set();

  async function handleMcp(request, response) {
    const body = await readText(request);
    const message = parseJson(body);
    tally(counts.http, request.method);
    if (message?.method) tally(counts.rpc, message.method);
    const client = clientOf(request);
    counts.clients[client] ??= { http: {}, rpc: {}, runs: 0, tools: {}, repeated: 0 };
    const own = counts.clients[client];
    tally(own.http, request.method);
    if (message?.method) tally(own.rpc, message.method);
    if (request.method === 'GET') {
      listening.add(response);
      response.on('close', () => listening.delete(response));
    }
    response.on('finish', () => tally(counts.status, response.statusCode));

    const id = request.headers['mcp-session-id'];
    if (id !== undefined && forgotten.has(id)) {
      counts.forgottenAnswers += 1;
      return sendJson(response, 404, rpcError(-32001, 'Session not found'));
    }
    if (id !== undefined) seen.add(id);

    const exchange = { request, response, body, message, target, client };
    const fault = takeFault(exchange);
    if (!fault) return passOn(exchange);
    tally(counts.faults, fault.kind);
    return faults[fault.kind].act(exchange, { settings: fault, forward: (options) => passOn(exchange, options) });
  }

  async function passOn(exchange, options) {
    const { method, headers } = exchange.request;
    const onHeaders = (answer, status) => {
      if (answer['mcp-session-id']) seen.add(answer['mcp-session-id']);
      if (exchange.message?.method === 'tools/call' && status === 200) ran(exchange);
    };
    const holdOpen = () => method === 'GET' && quietlyForgotten.has(headers['mcp-session-id']);
    const outcome = await forward(exchange, { ...options, onHeaders, holdOpen });
    if (outcome === 'broken') counts.broken += 1;
    if (outcome !== 'refused') return;
    counts.unreachable += 1;
    if (options?.discardAnswer || exchange.response.headersSent) return;
    sendJson(exchange.response, 503, rpcError(-32000, 'The server cannot be reached; nothing was sent to it'), {
      'Retry-After': '1',
    });
  }

  /** A run, and whether the same call of the same client has run before. */
  function ran({ client, message: { params } }) {
    const own = counts.clients[client];
    own.runs += 1;
    tally(own.tools, params?.name);
    const call = JSON.stringify([client, params?.name, params?.arguments]);
    if (calls.has(call)) own.repeated += 1;
    else if (calls.size < keptCalls) calls.add(call);
  }

  function takeFault(exchange) {
    const index = pending.findIndex(
      (fault) => (fault.client ?? exchange.client) === exchange.client && faults[fault.kind].applies(exchange),
    );
    if (index < 0) return undefined;
    const fault = pending[index];
    fault.left -= 1;
    if (fault.left <= 0) pending.splice(index, 1);
    return fault;
  }

  /**
   * The server loses every session. The GET streams stay open, so that a client detects it by its next request only.
   */
  async function forget({ quiet = false } = {}) {
    const lost = [...seen].filter((id) => !forgotten.has(id));
    for (const id of lost) forgotten.add(id);
    if (quiet) for (const id of lost) quietlyForgotten.add(id);
    seen.clear();
    await Promise.all(
      lost.map((id) => fetch(target, { method: 'DELETE', headers: { 'Mcp-Session-Id': id } }).catch(() => {})),
    );
    return lost.length;
  }

  const controls = {
    counts: () => ({
      ...counts,
      pendingFaults: pending.length,
      sessionsSeen: seen.size,
      sessionsForgotten: forgotten.size,
    }),
    forget: async (settings) => ({ forgotten: await forget(settings) }),
    async restart(settings) {
      if (!restart) throw new Error('this server cannot be restarted');
      const started = Date.now();
      await restart(settings?.down);
      counts.restarts += 1;
      return { ms: Date.now() - started };
    },
    fault(settings) {
      if (!Object.hasOwn(faults, settings?.kind))
        throw new Error(`kind must be one of: ${Object.keys(faults).join(', ')}`);
      pending.push({ ...settings, left: settings.count ?? 1 });
      return { pendingFaults: pending.length };
    },
    clear() {
      pending.length = 0;
      return {};
    },
    /** Breaks the streams for server-initiated messages; the sessions stay alive. */
    'cut-listening'() {
      const open = [...listening];
      for (const response of open) breakConnection(response);
      return { cut: open.length };
    },
  };

  async function handleControl(request, response, name) {
    if (!Object.hasOwn(controls, name)) return sendJson(response, 404, { error: 'no such control' });
    if (request.method !== 'POST' && name !== 'counts') return sendJson(response, 405, { error: 'use POST' });
    try {
      const settings = parseJson(await readText(request));
      return sendJson(response, 200, await controls[name](settings));
    } catch (error) {
      return sendJson(response, 400, { error: error.message });
    }
  }

  const server = await listen(
    async (request, response) => {
      const allowed = origins?.();
      // Chromium retries a POST by itself when a connection that it used before is reset. On a connection of its own, a
      // request that breaks is reported to the page, as it is to every other client.
      response.setHeader('Connection', 'close');
      setCorsHeaders(request, response, allowed);
      if (isForeignOrigin(request, allowed)) return sendJson(response, 403, { error: 'this origin is not allowed' });
      if (answerPreflight(request, response)) return;
      const { pathname } = new URL(request.url, 'http://localhost');
      try {
        if (pathname === target.pathname) await handleMcp(request, response);
        else if (pathname.startsWith('/control/'))
          await handleControl(request, response, pathname.slice('/control/'.length));
        else sendJson(response, 404, { error: `the MCP endpoint is ${target.pathname}` });
      } catch {
        response.destroy();
      }
    },
    { port },
  );

  return {
    url: `${server.origin}${target.pathname}`,
    control: `${server.origin}/control`,
    origin: server.origin,
    port: server.port,
    counts,
    close: server.close,
  };
}

/** The client's name: two clients side by side are distinguished by `?client=`, which the real server never sees. */
function clientOf(request) {
  return new URL(request.url, 'http://localhost').searchParams.get('client') ?? 'mcp-tether';
}

function tally(counts, name) {
  counts[name] = (counts[name] ?? 0) + 1;
}
