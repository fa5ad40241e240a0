// A server that records the requests to another one, and forwards them.
import { forward } from '../js/servers/proxy/forward.mjs';
import { listen } from '../js/servers/shared/listen.mjs';
import { parseJson, readText } from '../js/servers/shared/messages.mjs';

/** @param {string} target the URL of the other server */
export async function startWitness(target) {
  const seen = [];
  const listening = await listen(async (request, response) => {
    const body = await readText(request);
    const { traceparent, tracestate, baggage } = request.headers;
    seen.push({
      headers: request.headers,
      http: request.method,
      message: parseJson(body),
      trace: { traceparent, tracestate, baggage },
    });
    await forward({ request, response, body, target: new URL(target) });
  });
  return { url: `${listening.origin}/mcp`, seen, close: listening.close };
}
