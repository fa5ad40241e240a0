// The official TypeScript client, bundled with the demo. Emits events for the timeline.
// @ts-check

/** @import { SessionEvent, SessionEventDetail } from 'mcp-tether' */
/** @import { CallOutcome } from '../types.js' */

const info = { name: 'mcp-tether-demo', version: '1.0.0' };

const bundled = new URL('../bundled/official-client.js', import.meta.url).href;

/** @typedef {{ id?: unknown, method?: string, error?: { message?: string } }} Rpc */
/** @typedef {{ isError?: boolean, content: { text?: string }[] }} Result */
/**
 * The members of the official client that are used here.
 * @typedef {{
 *   onerror?: (error: Error) => void,
 *   connect(transport: OfficialTransport): Promise<void>,
 *   callTool(params: object, options: object): Promise<Result>,
 *   close(): Promise<void>,
 * }} Client
 */
/**
 * @typedef {{
 *   sessionId?: string,
 *   send(message: Rpc, options?: object): Promise<void>,
 *   onmessage?: (message: Rpc) => void,
 * }} OfficialTransport
 */
/**
 * @typedef {{
 *   version: string,
 *   Client: new (info: object) => Client,
 *   StreamableHTTPClientTransport: new (url: URL, options: object) => OfficialTransport,
 * }} OfficialModule
 */
/** @typedef {(kind: SessionEvent, detail: Pick<SessionEventDetail, 'at' | 'generation'> & Record<string, unknown>) => void} Emit */
/** @typedef {{ url: URL, headers: Record<string, string> | undefined, fetch: typeof fetch, emit: Emit }} Options */

/**
 * Loads the bundle once. @throws if the page was published without it
 * @returns {Promise<OfficialModule>}
 */
export async function loadOfficialClient() {
  try {
    return await import(bundled);
  } catch (cause) {
    throw new Error('The official client is not bundled with this page. Run `make demo` to bundle it.', { cause });
  }
}

export class OfficialClient {
  #client;
  #transport;
  /** @type {Map<unknown, { method: string, at: number }>} */
  #sent = new Map(); // JSON-RPC id → { method, at }
  #emit;

  /**
   * `emit` gets events like the manager's.
   * @param {OfficialModule} module
   * @param {Options} options
   */
  static async connect({ Client, StreamableHTTPClientTransport }, { url, headers, fetch, emit }) {
    const transport = new StreamableHTTPClientTransport(url, { fetch, requestInit: { headers } });
    const official = new OfficialClient(new Client(info), transport, emit);
    official.#client.onerror = () => {};
    official.#observe();
    await official.#client.connect(official.#transport);
    emit('sessionCreated', { generation: 1, at: Date.now(), sessionId: official.#transport.sessionId?.slice(0, 8) });
    return official;
  }

  /** @param {Client} client @param {OfficialTransport} transport @param {Emit} emit */
  constructor(client, transport, emit) {
    this.#client = client;
    this.#transport = transport;
    this.#emit = emit;
  }

  /**
   * One call: { ok, text | error, ms }.
   * @param {string} name
   * @param {Record<string, unknown>} given
   * @returns {Promise<CallOutcome>}
   */
  async call(name, given) {
    const began = performance.now();
    const since = () => performance.now() - began;
    try {
      const result = await this.#client.callTool({ name, arguments: given }, { timeout: 10_000 });
      return { ok: !result.isError, text: result.content.map((part) => part.text ?? '').join(' '), ms: since() };
    } catch (error) {
      return { ok: false, error, ms: since() };
    }
  }

  async close() {
    await this.#client.close();
  }

  /** Emits events for its messages, observed at its transport. */
  #observe() {
    const transport = this.#transport;
    const send = transport.send.bind(transport);
    transport.send = async (message, options) => {
      if (message.id !== undefined && message.method) this.#began(message);
      try {
        return await send(message, options);
      } catch (error) {
        if (message.id !== undefined) this.#settled(message.id, 'failed', /** @type {{ message?: string }} */ (error));
        throw error;
      }
    };
    transport.onmessage = (message) => {
      if (message.method === undefined && message.id !== undefined)
        this.#settled(message.id, message.error ? 'rpc_error' : 'result', message.error);
    };
  }

  /** @param {Rpc} message */
  #began({ id, method = '' }) {
    const at = Date.now();
    this.#sent.set(id, { method, at });
    this.#emit('requestSent', { generation: 1, at, method, requestId: id });
  }

  /** @param {unknown} id @param {string} outcome @param {{ message?: string }} [error] */
  #settled(id, outcome, error) {
    const sent = this.#sent.get(id);
    if (!sent) return;
    this.#sent.delete(id);
    const at = Date.now();
    this.#emit('requestSettled', {
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

/** @param {unknown} text @param {number} [most] */
export function shorten(text, most = 120) {
  const line = String(text).replace(/\s+/g, ' ').trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
