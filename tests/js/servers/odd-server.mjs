// A small MCP server that deviates from the specification in one point, and records every request that reaches it.
import { answerPreflight, setCorsHeaders } from './shared/cors.mjs';
import { listen } from './shared/listen.mjs';

/**
 * Serves MCP at one path.
 * @param {object} [options]
 * @param {string} [options.path] where it serves
 * @param {Record<string, { status: number, to: string }>} [options.redirects] by path
 * @param {(response: import('node:http').ServerResponse, message: any) => boolean} [options.answer] answers a request itself, or returns false
 * @param {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => boolean} [options.get] the same for a GET
 */
export async function startOddServer({ path = '/mcp', redirects = {}, answer = () => false, get = () => false } = {}) {
  const seen = [];
  const state = { path, redirects };
  const host = await listen(async (request, response) => {
    setCorsHeaders(request, response);
    if (answerPreflight(request, response)) return;
    const message = await messageOf(request);
    seen.push({ verb: request.method, url: request.url, headers: request.headers, method: message?.method });
    const redirect = state.redirects[request.url];
    if (redirect) return response.writeHead(redirect.status, { Location: redirect.to }).end();
    if (request.url !== state.path)
      return response.writeHead(404, { 'Content-Type': 'application/json' }).end('{"detail":"Not Found"}');
    if (request.method === 'GET') return get(request, response) || response.writeHead(405).end();
    if (request.method === 'DELETE') return response.writeHead(200).end();
    if (message.id === undefined) return response.writeHead(202).end();
    if (!answer(response, message)) answerWell(response, message);
  });
  return {
    ...host,
    url: `${host.origin}/mcp`,
    seen,
    state,
    methods: () => seen.map(({ verb, url, method }) => `${method ?? verb} ${url}`),
  };
}

async function messageOf(request) {
  let text = '';
  for await (const piece of request) text += piece;
  return text ? JSON.parse(text) : undefined;
}

function answerWell(response, message) {
  if (message.method === 'initialize') response.setHeader('Mcp-Session-Id', 'session-of-odd-server');
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(resultOf(message)));
}

/** The regular answer of a server. */
export function resultOf({ id, method, params }) {
  const described = {
    protocolVersion: '2025-11-25',
    capabilities: { tools: {} },
    serverInfo: { name: 'odd', version: '1' },
  };
  const result =
    method === 'initialize' ? described : { content: [{ type: 'text', text: params?.arguments?.text ?? 'done' }] };
  return { jsonrpc: '2.0', id, result };
}
