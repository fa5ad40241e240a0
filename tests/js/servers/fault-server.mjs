// A hand-written MCP server with one fault a path, which counts its requests and executions.
// A path may have a name after the fault's, `/lost-404/my-test`: it is a server of its own, so tests do not interfere.
// With `?connection=close` every request uses a connection of its own. Chromium needs that wherever a connection is
// reset: it retries a POST by itself, invisibly to the page, when a connection that it used before is reset.

import { Exchange } from './faults/exchange.mjs';
import { dispatch as legacyDispatch } from './faults/healthy.mjs';
import { faults as legacyFaults } from './faults/index.mjs';
import { Place } from './faults/place.mjs';
import { answerPreflight, setCorsHeaders } from './shared/cors.mjs';
import { commandLineOptions, isMain, runUntilStopped } from './shared/lifetime.mjs';
import { listen } from './shared/listen.mjs';
import { parseJson, readText, sendJson } from './shared/messages.mjs';

/**
 * Starts the fault server, and on a second origin the target of redirects.
 * @param {{ port?: number, faults?: object, dispatch?: Function }} [options] other faults, and their dispatcher
 */
export async function startFaultServer({ port = 0, faults = legacyFaults, dispatch = legacyDispatch } = {}) {
  const places = new Map();
  const placeOf = (path) => {
    if (!Object.hasOwn(faults, faultName(path))) return undefined;
    if (!places.has(path)) places.set(path, new Place(path));
    return places.get(path);
  };
  const countsOf = (path) => {
    const place = placeOf(path);
    return place && { ...place.counts, sessions: place.sessions.size, openStreams: place.streams.size };
  };
  const forget = (path) => placeOf(path)?.forget({ endStreams: faults[faultName(path)].forgetEndsStreams });
  const reset = (path) => (path ? placeOf(path)?.reset() : places.forEach((place) => place.reset()));

  const stranger = await listen(async (request, response) => {
    setCorsHeaders(request, response);
    const body = await readText(request);
    const place = placeOf(new URL(request.url, 'http://localhost').searchParams.get('path'));
    const { 'mcp-session-id': sessionId, authorization } = request.headers;
    place?.counts.redirected.push({ http: request.method, sessionId, authorization, body: body.slice(0, 1_000) });
    if (answerPreflight(request, response)) return;
    const id = parseJson(body)?.id;
    sendJson(response, 200, { jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'from the stranger' }] } });
  });

  const controls = {
    counts: (path) => countsOf(path),
    forget: (path) => ({ forgotten: forget(path) }),
    reset: (path) => reset(path) ?? {},
    'end-streams': (path) => placeOf(path)?.endStreams() ?? {},
    switch(path) {
      const place = placeOf(path);
      place.switched = !place.switched;
      return { switched: place.switched };
    },
    faults: () => Object.keys(faults),
  };
  const isSafe = new Set(['counts', 'faults']);

  function handleControl(request, response, url) {
    const name = url.pathname.slice('/control/'.length);
    const path = url.searchParams.get('path');
    if (!Object.hasOwn(controls, name)) return sendJson(response, 404, { error: 'no such control' });
    if (request.method !== 'POST' && !isSafe.has(name)) return sendJson(response, 405, { error: 'use POST' });
    if (path !== null && !placeOf(path))
      return sendJson(response, 404, { error: `no fault is called ${faultName(path)}` });
    if (path === null && ['counts', 'forget', 'end-streams', 'switch'].includes(name))
      return sendJson(response, 400, { error: 'name the path' });
    return sendJson(response, 200, controls[name](path));
  }

  const listening = await listen(
    async (request, response) => {
      const url = new URL(request.url, 'http://localhost');
      if (url.searchParams.get('connection') === 'close') response.setHeader('Connection', 'close');
      setCorsHeaders(request, response);
      if (answerPreflight(request, response)) return;
      try {
        if (url.pathname.startsWith('/control/')) return handleControl(request, response, url);
        const place = placeOf(url.pathname);
        if (!place) return sendJson(response, 404, { error: `no fault is called ${faultName(url.pathname)}` });
        const message = request.method === 'POST' ? parseJson(await readText(request)) : undefined;
        place.see({ request, response, message });
        const exchange = new Exchange({ request, response, message, place, url, strangerOrigin: stranger.origin });
        return await dispatch(exchange, faults[faultName(url.pathname)]);
      } catch (error) {
        if (!response.destroyed) console.error(`fault server: ${url.pathname}:`, error);
        return response.destroy();
      }
    },
    { port },
  );

  return {
    origin: listening.origin,
    port: listening.port,
    /** The MCP URL of a fault, with its settings in the query. */
    url: (path, settings = {}) =>
      String(Object.assign(new URL(path, listening.origin), { search: new URLSearchParams(settings) })),
    counts: countsOf,
    forget,
    /** Switches a fault with two phases to the other one. */
    switch: (path) => void controls.switch(path),
    /** Sends a message on all open streams of the path, and returns their number. */
    tell: (path, message) => placeOf(path).tell(message),
    endStreams: (path) => placeOf(path).endStreams(),
    reset,
    async close() {
      await Promise.all([listening.close(), stranger.close()]);
    },
  };
}

function faultName(path) {
  return path?.split('/')[1] ?? '';
}

if (isMain(import.meta.url)) {
  const options = commandLineOptions();
  const server = await startFaultServer({ port: Number(options.port ?? 0) });
  runUntilStopped(server.close);
  const { origin, port } = server;
  console.log(
    JSON.stringify({ url: origin, origin, control: `${origin}/control`, port, faults: Object.keys(legacyFaults) }),
  );
}
