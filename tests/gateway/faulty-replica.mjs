// A replica that breaks on demand: a proxy before a real server. A broken one still runs the tools that are called, so that a test sees a call that
// runs twice.
import { forward } from '../js/servers/proxy/forward.mjs';
import { listen } from '../js/servers/shared/listen.mjs';
import { parseJson, readText } from '../js/servers/shared/messages.mjs';

/** What a broken replica does with a request that it has read. */
const faults = {
  silent: () => {},
  head: (response) => response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders(),
  'half a body': (response) => response.writeHead(200, { 'Content-Type': 'application/json' }).write('{"jsonrpc":'),
  page: (response) =>
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end('<h1>No server is available</h1>'),
  'bad gateway': (response) => response.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>Bad Gateway</h1>'),
  closes: (response) => response.destroy(),
};

/**
 * @param {{ url: string, close(): Promise<void> }} server a real one, which is closed with it
 * @returns {Promise<{ url: string, server: object, seen: string[], fault: string | undefined, close(): Promise<void> }>} `fault` breaks it; `seen` has the
 *   methods that came since
 */
export async function startFaultyReplica(server) {
  const target = new URL(server.url);
  const replica = { server, seen: [], fault: undefined };
  const listening = await listen(async (request, response) => {
    const body = await readText(request).catch(() => '');
    if (!replica.fault) return forward({ request, response, body, target });
    const message = parseJson(body);
    replica.seen.push(message?.method ?? request.method);
    if (message?.method === 'tools/call') runAlone(target, request.headers, body);
    return faults[replica.fault](response);
  });
  return Object.assign(replica, {
    url: `${listening.origin}${target.pathname}`,
    async close() {
      await listening.close();
      await server.close();
    },
  });
}

/** The server gets the request, and no one its response. */
function runAlone(target, { host, connection, 'content-length': length, ...headers }, body) {
  fetch(target, { method: 'POST', headers, body })
    .then((response) => response.text())
    .catch(() => {});
}
