// One HTTP exchange with a timeout and a size limit. Its outcome, also a failure, is a plain object.
// @ts-check

import { eventsOf, longest } from './events.js';
import { failureOf } from './failures.js';

/** @import { Answer, Media, Message, Received } from './types.js' */

/** Characters of a body that are kept and searched. */
const mostText = 64 * 1024;

/**
 * The request, and how much of its response is read.
 * @typedef {{
 *   method: string,
 *   headers: Record<string, string>,
 *   body?: string,
 *   mode?: 'cors' | 'no-cors' | undefined,
 *   wanted?: (message: Message) => boolean,
 *   reads?: boolean,
 *   keeps?: number,
 * }} Request `keeps`: characters of the body's text
 */

/**
 * For requests that a cache could answer. Before compatibility date 2024-11-11, workerd has no such member and throws at the option.
 * @type {{ cache?: RequestCache }}
 */
export const uncached = 'cache' in (globalThis.Request?.prototype ?? {}) ? { cache: 'no-store' } : {};

/**
 * Sends one request and reads the response: an event stream up to the `wanted` message, other bodies to their end.
 *
 * @param {{ fetch: typeof globalThis.fetch, url: string, timeout: number, hides: boolean }} way
 * @param {Request} request
 * @returns {Promise<Answer>}
 */
export async function exchange(
  { fetch, url, timeout, hides },
  { method, headers, body, mode, wanted = () => true, reads = true, keeps = mostText },
) {
  const started = performance.now();
  const elapsed = () => Math.round(performance.now() - started);
  const controller = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {Received | undefined} */
  let head; // the head of a response whose body has not arrived yet
  /** @type {Answer} */
  const silence = { ms: timeout, failure: { kind: 'timeout', words: `no response within ${timeout} ms` } };
  /** @type {Promise<Answer>} */
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve(head ? { ...head, isLate: true } : silence), timeout);
  });
  /** @type {() => Promise<Answer>} */
  const work = async () => {
    const response = await fetch(url, {
      method,
      headers,
      ...(body !== undefined && { body }),
      // Following a redirect would send the session id and the user's token to its target.
      redirect: mode ? 'follow' : 'manual',
      signal: controller.signal,
      // Only in pages: makes Chromium send a new preflight instead of using a cached one.
      ...(hides && /** @type {const} */ ({ cache: 'no-store', credentials: 'omit' })),
      ...(method === 'GET' && uncached),
      ...(mode && { mode }),
    });
    const media = mediaOf(response.headers.get('content-type'));
    /** @type {Received} */
    const received = {
      ms: elapsed(),
      status: response.status,
      headers: response.headers,
      media,
      isRedirect: response.type === 'opaqueredirect',
      url: response.url,
    };
    head = received;
    return reads && !mode
      ? { ...received, ...(await contentOf(response, received, wanted, keeps)), event: received.event }
      : received;
  };
  /** @type {(error: any) => Answer} */
  const failed = (error) =>
    // Node 20 repeats a request that got 421, as the Fetch Standard says, but half of the time without its body.
    error?.cause?.code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH'
      ? { ms: elapsed(), status: 421, headers: new Headers(), media: 'other', isRedirect: false }
      : { ms: elapsed(), failure: error instanceof RangeError ? tooLong : failureOf(error, { hides, url }) };
  try {
    return await Promise.race([work().catch(failed), late]);
  } finally {
    clearTimeout(timer);
    controller.abort(); // the rest of a stream
  }
}

const tooLong = {
  kind: 'length',
  words: `the response has more than ${longest} characters`,
  fix: `Shorten the response: it has more than ${longest} characters, which clients refuse by default.`,
};

/** @param {string | null} type @returns {Media} */
export function mediaOf(type) {
  const [essence = ''] = (type ?? '')
    .toLowerCase()
    .split(';', 1)
    .map((part) => part.trim());
  if (essence === 'text/event-stream') return 'stream';
  if (essence === 'application/json' || /^application\/.+\+json$/.test(essence)) return 'json';
  return essence === 'text/html' ? 'page' : 'other';
}

/**
 * @param {Response} response
 * @param {Received} received its head, which gets the first event that is not a message
 * @param {(message: Message) => boolean} wanted
 * @param {number} keeps
 * @returns {Promise<Pick<Received, 'text' | 'message' | 'oddity' | 'isForeign'>>}
 */
async function contentOf(response, received, wanted, keeps) {
  if (received.media !== 'stream') {
    const whole = await textOf(response);
    const read = parsed(whole);
    return { text: whole.slice(0, keeps), ...(read && (wanted(read.message) ? read : { isForeign: true })) };
  }
  /** @type {string[]} */
  const strange = [];
  for await (const { event, data } of response.body ? eventsOf(response.body, strange) : []) {
    const read = parsed(data);
    if (!read && event === 'message') received.event ||= data.slice(0, mostText);
    if (read && wanted(read.message)) return { text: data.slice(0, mostText), ...read };
  }
  return { text: strange.join('\n').slice(0, mostText) };
}

/** All of what may be JSON, and the beginning of another body. @param {Response} response */
async function textOf(response) {
  const reader = response.body?.getReader();
  if (!reader) return '';
  const decoder = new TextDecoder();
  let most = 0;
  let text = '';
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    const part = decoder.decode(chunk.value, { stream: true });
    if (text === '') most = /^\s*[{["]/.test(part) ? longest : mostText;
    text += part;
    if (text.length > most) break;
  }
  if (text.length > longest) throw new RangeError();
  return text;
}

/**
 * Parses a JSON-RPC message; undefined if the text is not one. Two oddities are read as the client reads them.
 * @param {string} text
 * @returns {{ message: Message, oddity?: 'array' | 'unversioned' } | undefined}
 */
export function parsed(text) {
  let value;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
  const [first] = [value].flat();
  // Patterns search the words of an error.
  if (text.length > mostText && first?.error)
    first.error = { code: first.error.code, message: String(first.error.message).slice(0, 1_000) };
  if (Array.isArray(value) && value.length === 1 && value[0]?.jsonrpc === '2.0')
    return { message: value[0], oddity: 'array' };
  if (value?.jsonrpc === '2.0') return { message: value };
  const isMessage =
    value?.id !== undefined && value.jsonrpc === undefined && (value.result ?? value.error?.code) !== undefined;
  return isMessage ? { message: value, oddity: 'unversioned' } : undefined;
}
