// What a manager does with an auth provider, and nothing else: a POST, the provider on a refusal, the POST again.

/**
 * @param {{ url: string }} server
 * @param {any} provider
 * @param {{ userId?: string, serverName?: string, fetch?: typeof fetch, url?: string }} [options]
 */
export function client(server, provider, { userId = 'ada', serverName = 'notes', fetch = globalThis.fetch, url } = {}) {
  const at = () => url ?? server.url;
  /** @type {string | undefined} */
  let token;
  let session;
  let id = 0;
  const nextId = () => {
    id += 1;
    return id;
  };
  const context = () => ({ userId, serverName, url: at(), signal: new AbortController().signal });

  async function post(message) {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(session && { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' }),
      ...(token && { authorization: `Bearer ${token}` }),
    };
    const response = await fetch(at(), { method: 'POST', headers, body: JSON.stringify(message) });
    return { response, text: await response.text() };
  }

  /** Sends a message; asks the provider for each refusal, as often as it has another token, `most` times at most. */
  async function send(message, most = 6) {
    for (let asked = 0; ; asked += 1) {
      const carried = token;
      const { response, text } = await post(message);
      const { status, headers } = response;
      const challenge = headers.get('www-authenticate') ?? undefined;
      const isRefused = status === 401 || (status === 403 && /insufficient_scope|invalid_token/.test(challenge ?? ''));
      if (!isRefused || asked === most) return { status, headers, text };
      // Refused late: another call has a new token by now.
      if (carried !== token) continue;
      token = tokenOf(await provider.token({ ...context(), status, challenge }));
      if (!token) return { status, headers, text };
    }
  }

  async function connect() {
    token = tokenOf(await provider.token(context()));
    const clientInfo = { name: 'test', version: '1' };
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
    const answer = await send({ jsonrpc: '2.0', id: nextId(), method: 'initialize', params });
    if (answer.status === 200) {
      session = answer.headers.get('mcp-session-id') ?? undefined;
      await send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    }
    return answer.status;
  }

  return {
    connect,
    /** The status of a call; 200 if it ran. */
    async call(name = 'echo', input = { text: 'hello' }) {
      const params = { name, arguments: input };
      return (await send({ jsonrpc: '2.0', id: nextId(), method: 'tools/call', params })).status;
    },
    /** Asks as a manager does before a token expires. */
    async renew() {
      token = tokenOf(await provider.token(context()));
      return token;
    },
    get token() {
      return token;
    },
  };
}

const tokenOf = (answer) => (typeof answer === 'object' ? answer?.token : answer);
