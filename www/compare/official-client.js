// The official TypeScript client, as the demo was built with it. Its doings become events, so that the timeline can show them.

const info = { name: 'mcp-tether-demo', version: '1.0.0' };

/** Fetches the bundle, once. @throws where the page was published without it */
export async function loadOfficialClient() {
  try {
    return await import('../bundled/official-client.js');
  } catch (cause) {
    throw new Error('The official client is not bundled with this page. `make demo` does that.', { cause });
  }
}

export class OfficialClient {
  #client;
  #transport;
  #sent = new Map(); // JSON-RPC id → { method, at }
  #tell;

  /** @param {(kind: string, detail: object) => void} tell gets events like the manager's */
  static async connect({ Client, StreamableHTTPClientTransport }, { url, headers, fetch, tell }) {
    const official = new OfficialClient();
    official.#tell = tell;
    official.#client = new Client(info);
    official.#client.onerror = () => {};
    official.#transport = new StreamableHTTPClientTransport(url, { fetch, requestInit: { headers } });
    official.#observe();
    await official.#client.connect(official.#transport);
    tell('sessionCreated', { generation: 1, at: Date.now(), sessionId: official.#transport.sessionId?.slice(0, 8) });
    return official;
  }

  /** One call: { ok, text | error, ms }. */
  async call(name, given) {
    const began = performance.now();
    const outcome = await this.#client.callTool({ name, arguments: given }, { timeout: 10_000 }).then(
      (result) => ({ ok: !result.isError, text: result.content.map((part) => part.text ?? '').join(' ') }),
      (error) => ({ ok: false, error }),
    );
    return { ...outcome, ms: performance.now() - began };
  }

  async close() {
    await this.#client.close();
  }

  /** What it sends and what comes back, seen where it hands its messages over. */
  #observe() {
    const transport = this.#transport;
    const send = transport.send.bind(transport);
    transport.send = async (message, options) => {
      if (message.id !== undefined && message.method) this.#began(message);
      try {
        return await send(message, options);
      } catch (error) {
        if (message.id !== undefined) this.#settled(message.id, 'failed', error);
        throw error;
      }
    };
    transport.onmessage = (message) => {
      if (message.method === undefined && message.id !== undefined)
        this.#settled(message.id, message.error ? 'rpc_error' : 'result', message.error);
    };
  }

  #began({ id, method }) {
    const at = Date.now();
    this.#sent.set(id, { method, at });
    this.#tell('requestSent', { generation: 1, at, method, requestId: id });
  }

  #settled(id, outcome, error) {
    const sent = this.#sent.get(id);
    if (!sent) return;
    this.#sent.delete(id);
    const at = Date.now();
    this.#tell('requestSettled', {
      generation: 1,
      at,
      method: sent.method,
      requestId: id,
      outcome,
      durationMs: at - sent.at,
      evidence: error && shorten(error.message),
    });
  }
}

export function shorten(text, most = 120) {
  const line = String(text).replace(/\s+/g, ' ').trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
