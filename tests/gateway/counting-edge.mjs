// A proxy between a client and the gateway that counts what the client sends, and how its requests are answered.
import { breakConnection, forward } from '../js/servers/proxy/forward.mjs';
import { listen } from '../js/servers/shared/listen.mjs';
import { parseJson, readText } from '../js/servers/shared/messages.mjs';

/**
 * @param {string} url its target
 * @returns {Promise<{ url: string, counts: Record<string, number>, statuses: Record<string, number>, sessions: Set<string>, close(): Promise<void> }>}
 *   `counts` has JSON-RPC methods, GET and DELETE; `statuses` those of POSTs; `sessions` the ids that were issued
 */
export async function startCountingEdge(url) {
  const target = new URL(url);
  const counts = {};
  const statuses = {};
  const sessions = new Set();
  const count = (tally, name) => (tally[name] = (tally[name] ?? 0) + 1);
  const listening = await listen(async (request, response) => {
    const body = await readText(request).catch(() => '');
    const message = parseJson(body);
    for (const { method } of [message].flat().filter(Boolean)) if (method) count(counts, method);
    if (request.method !== 'POST') count(counts, request.method);
    const onHeaders = (headers, status) => {
      if (request.method === 'POST') count(statuses, status);
      if (headers['mcp-session-id']) sessions.add(headers['mcp-session-id']);
    };
    const outcome = await forward({ request, response, body, target: new URL(request.url, target) }, { onHeaders });
    if (outcome === 'refused') breakConnection(response);
  });
  return { url: listening.origin + target.pathname, counts, statuses, sessions, close: listening.close };
}
