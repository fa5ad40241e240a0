// How long a silent address is waited for, if its server has others. A server that thinks answers something else meanwhile; one that hangs does not.
// @ts-check

import { refused } from '../answers.js';
import { LARGEST_ERROR, textWithin } from '../bounded.js';
import { fetchWithin } from '../redirects.js';

const LONGEST = 20_000; // milliseconds of silence
const LONGEST_CHECK = 10_000; // milliseconds in which a server that is asked has to answer

/**
 * Milliseconds without a message, after which an address is checked, or left: before the request times out.
 * @param {number} [timeout] of the server's requests
 */
export function silenceOf(timeout = Number.POSITIVE_INFINITY) {
  return Math.min(LONGEST, timeout / 4);
}

/** Milliseconds in which the check has to be answered: @param {number} [timeout] of the server's requests */
export function checkOf(timeout = Number.POSITIVE_INFINITY) {
  return Math.min(LONGEST_CHECK, timeout / 8);
}

/** An address hangs with a request that may have run. */
export class Unanswered extends Error {}

/** The response to a request of 2026-07-28 that failed with this error, if that is one of these: @param {unknown} error @param {unknown} id */
export function refusalOf(error, id) {
  if (!(error instanceof Unanswered)) return undefined;
  const message = `${error.message} while the request was pending; the request may have run`;
  return refused({ status: 502, code: 1000, message }, { id, data: { code: 'outcome_unknown', retryable: false } });
}

/** Watches one request to an address. */
export class Silence {
  /** Why it was given up, if it was: @type {Unanswered | undefined} */
  error;
  #aborter = new AbortController();
  #given;
  #timeout;
  #check;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {AbortSignal | null | undefined} signal of the request
   * @param {number | undefined} timeout of the server's requests
   * @param {(() => Promise<boolean>) | undefined} check whether the address answers at all; without it, silence is enough
   */
  constructor(signal, timeout, check) {
    this.#given = signal;
    this.#timeout = timeout;
    this.#check = check;
    if (signal?.aborted) this.#onabort();
    else signal?.addEventListener('abort', this.#onabort, { once: true });
    this.#begin();
  }

  /** For the request. */
  get signal() {
    return this.#aborter.signal;
  }

  #onabort = () => this.#aborter.abort(this.#given?.reason);

  #begin() {
    this.#timer = setTimeout(() => this.#silent(), silenceOf(this.#timeout));
  }

  async #silent() {
    const isThere = await this.#check?.();
    if (this.#timer === undefined) return;
    if (isThere) {
      this.#begin();
      return;
    }
    this.error = new Unanswered('the server stopped answering');
    this.#aborter.abort(this.error);
  }

  /** The address has answered, or the request has failed. The signal still ends its body with the request. */
  end() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/**
 * Whether an address answers a discovery, whatever it says.
 * @param {string} url
 * @param {RequestInit} init of the request that it does not answer
 * @param {number} [timeout] of the server's requests
 */
export async function answers(url, init, timeout) {
  const headers = new Headers(init.headers);
  for (const name of [...headers.keys()]) if (/^mcp-(name|param-)/.test(name)) headers.delete(name);
  headers.set('mcp-method', 'server/discover');
  const meta = {
    'io.modelcontextprotocol/protocolVersion': headers.get('mcp-protocol-version'),
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 'check', method: 'server/discover', params: { _meta: meta } });
  try {
    const response = await fetchWithin(url, {
      method: 'POST',
      headers,
      body,
      signal: AbortSignal.timeout(checkOf(timeout)),
    });
    await textWithin(response.body, LARGEST_ERROR);
    return true;
  } catch {
    return false;
  }
}
