// A proxy in front of a server without CORS, which allows pages by rules of which each can be broken.
import { request as forward } from 'node:http';
import { listen } from './shared/listen.mjs';

/** The headers that a server has to send so that a page can do everything that a client does. */
export const goodRules = {
  /** The status of the answer to OPTIONS, and the target of a redirect. */
  preflight: { status: 204, headers: {} },
  /** The status of a preflight that asks for more than is allowed, which then has no CORS headers; without one, it has what is allowed. */
  refusal: undefined,
  allowHeaders: [
    'content-type',
    'authorization',
    'x-user',
    'mcp-session-id',
    'mcp-protocol-version',
    'mcp-method',
    'mcp-name',
    'last-event-id',
  ],
  allowMethods: ['GET', 'POST', 'DELETE'],
  exposeHeaders: ['Mcp-Session-Id'],
  /** The value of Access-Control-Allow-Origin on a response, or undefined for none. */
  allowOrigin: ({ origin }) => origin,
};

/**
 * @param {string} upstream the origin of the server behind
 * @returns {Promise<{ origin: string, rules: typeof goodRules, close(): Promise<void> }>} `rules` may be replaced at any time
 */
export async function startCorsGate(upstream) {
  const gate = { rules: goodRules };
  const listening = await listen((request, response) => {
    const { rules } = gate;
    const { method, headers } = request;
    const allowed = (status) => rules.allowOrigin({ origin: headers.origin ?? '*', method, status });
    if (method === 'OPTIONS') {
      if (rules.refusal && asksForMore(headers, rules)) return response.writeHead(rules.refusal).end();
      const { status, headers: more } = rules.preflight;
      return response
        .writeHead(
          status,
          defined({
            'Access-Control-Allow-Origin': allowed(status),
            'Access-Control-Allow-Headers': rules.allowHeaders.join(', '),
            'Access-Control-Allow-Methods': rules.allowMethods.join(', '),
            ...more,
          }),
        )
        .end();
    }
    const onward = forward(
      new URL(request.url, upstream),
      { method, headers: { ...headers, host: new URL(upstream).host } },
      (answer) => {
        const own = Object.entries(answer.headers).filter(([name]) => !name.startsWith('access-control-'));
        response.writeHead(
          answer.statusCode,
          defined({
            ...Object.fromEntries(own),
            'Access-Control-Allow-Origin': allowed(answer.statusCode),
            'Access-Control-Expose-Headers': rules.exposeHeaders.join(', ') || undefined,
          }),
        );
        response.flushHeaders();
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    return request.pipe(onward);
  });
  return Object.assign(gate, { origin: listening.origin, close: listening.close });
}

/** Whether a preflight asks for a method or a header that is not allowed. */
function asksForMore(headers, { allowMethods, allowHeaders }) {
  const names = (headers['access-control-request-headers'] ?? '').split(',').filter(Boolean);
  const method = headers['access-control-request-method'];
  return !allowMethods.includes(method) || names.some((name) => !allowHeaders.includes(name.trim().toLowerCase()));
}

function defined(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}
