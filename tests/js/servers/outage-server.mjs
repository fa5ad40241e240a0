// A healthy MCP server behind a proxy that can be out of reach for a time: its port is closed, or it answers with a
// status of its own, such as 502. The server and its sessions stay alive. Each request is recorded at the proxy, with
// the phase in which it arrived.
import { setTimeout as wait } from 'node:timers/promises';
import { startFaultServer } from './fault-server.mjs';
import { breakConnection, forward } from './proxy/forward.mjs';
import { answerPreflight, setCorsHeaders } from './shared/cors.mjs';
import { listen } from './shared/listen.mjs';
import { parseJson, readText } from './shared/messages.mjs';

/**
 * @param {string} kind of outage: `refused`, or the proxy's status, such as `502`. `hidden-502` is nginx's default:
 *   the answer has no CORS headers, and preflights are answered the same
 * @param {object} [fault] the deviations of the server behind the proxy; see faults/healthy.mjs
 * @param {{ dispatch?: Function, refusalMs?: number }} [options] another server behind the proxy, see fault-server.mjs;
 *   the time that a refusal takes, so that requests sent in parallel are counted as parallel
 */
export async function startOutageServer(kind, fault = {}, { dispatch, refusalMs = 50 } = {}) {
  const behind = await startFaultServer({ faults: { behind: fault }, dispatch });
  const path = '/behind/outage';
  const target = new URL(behind.url(path));
  const requests = [];
  const exchanges = new Set();
  const closing = new AbortController();
  let isDown = false;

  const listener = await listenBelowEphemeralPorts(async (request, response) => {
    const exchange = {
      request,
      response,
      stop: new AbortController(),
      note: { at: performance.now(), http: request.method, isDown },
    };
    exchanges.add(exchange);
    requests.push(exchange.note);
    response.on('close', () => {
      exchange.note.endedAt = performance.now();
      exchanges.delete(exchange);
    });
    const isHidden = isDown && kind.startsWith('hidden-');
    if (!isHidden) setCorsHeaders(request, response);
    try {
      if (!isHidden && answerPreflight(request, response)) return;
      const body = await readText(request);
      const message = parseJson(body);
      exchange.note.rpc = message?.method;
      const isPassed =
        !isDown && (await forward({ request, response, body, target }, { signal: exchange.stop.signal })) !== 'aborted';
      if (!isPassed) await refuse(exchange);
    } catch {
      response.destroy();
    }
  });

  /** The answer of a proxy whose server cannot be reached, or has disconnected. */
  async function refuse({ response }) {
    await wait(refusalMs);
    if (response.headersSent || response.destroyed) return;
    if (kind.startsWith('hidden-')) for (const name of response.getHeaderNames()) response.removeHeader(name);
    const status = Number(kind.replace('hidden-', ''));
    response
      .writeHead(status, { 'Content-Type': 'text/html' })
      .end(`<html><body><center><h1>${status}</h1></center></body></html>`);
  }

  function breakExchanges() {
    for (const exchange of exchanges) {
      if (kind === 'refused' || exchange.response.headersSent) breakConnection(exchange.response);
      else exchange.stop.abort();
    }
  }

  return {
    url: `${listener.origin}${path}`,
    counts: () => behind.counts(path),
    requests: () => requests,
    /**
     * Puts the server out of reach for `ms` milliseconds of its own clock. Resolves once it is, with a promise of the
     * end.
     */
    async begin(ms) {
      isDown = true;
      const ended = end(ms);
      if (kind === 'refused') await listener.shut();
      breakExchanges();
      return { ended };
    },
    async close() {
      closing.abort();
      await listener.shut();
      await behind.close();
    },
  };

  async function end(ms) {
    await wait(ms, undefined, { signal: closing.signal }).catch(() => {});
    if (closing.signal.aborted) return;
    if (kind === 'refused') await listener.open();
    isDown = false;
  }
}

/**
 * How many requests arrived while the server was out of reach, and in the worst second of it. Preflights are the
 * browser's own.
 */
export function countDuringOutage(requests) {
  const times = requests.filter(({ isDown, http }) => isDown && http !== 'OPTIONS').map(({ at }) => at);
  return { requests: times.length, worstSecond: worstSecond(times) };
}

/** The most of these times, in milliseconds and in order, that lie within one second. */
export function worstSecond(times) {
  return times.reduce((most, from) => Math.max(most, times.filter((at) => at >= from && at < from + 1_000).length), 0);
}

/** The highest number of requests of a kind that were in flight at the same time. */
export function mostAtOnce(requests) {
  const during = (at) => requests.filter((other) => other.at <= at && at < (other.endedAt ?? Infinity)).length;
  return requests.reduce((most, { at }) => Math.max(most, during(at)), 0);
}

/**
 * Listens on a port that the system gives to no outgoing connection: while the port is closed, no connection of a
 * client, and of a client to itself, can take it. `shut` closes the port and breaks its connections; `open` listens
 * there again.
 */
async function listenBelowEphemeralPorts(handler, tries = 20) {
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const first = await listen(handler, { port }).catch((error) => {
    if (error.code !== 'EADDRINUSE' || tries === 0) throw error;
  });
  if (!first) return listenBelowEphemeralPorts(handler, tries - 1);
  let listening = first;
  return {
    origin: first.origin,
    async shut() {
      await listening.close();
    },
    async open() {
      listening = await listen(handler, { port });
    },
  };
}
