// One HTTP exchange: sent with a deadline, read within bounds, told as plain values whatever becomes of it.

import { eventsOf } from './events.js';
import { failureOf } from './failures.js';

const mostText = 64 * 1024;

/** For what a cache might answer. workerd throws at the option before compatibility date 2024-11-11, and has no such member then. */
export const uncached = 'cache' in (globalThis.Request?.prototype ?? {}) ? { cache: 'no-store' } : {};

/**
 * Sends one request and reads its answer: an event stream until `wanted` is found in it, anything else to its end.
 *
 * @returns {{ ms, status, media, headers, text, message, isLate } | { ms, failure: { kind, words } }} `message` is the JSON-RPC message of the answer,
 * `isLate` says that the head came and the rest did not
 */
export async function exchange(
  { fetch, url, timeout, hides },
  { method, headers, body, mode, wanted = (message) => message, reads = true },
) {
  const started = performance.now();
  const elapsed = () => Math.round(performance.now() - started);
  const controller = new AbortController();
  let timer;
  let head; // of an answer whose body is still to come
  const silence = { ms: timeout, failure: { kind: 'timeout', words: `no answer within ${timeout} ms` } };
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve(head ? { ...head, isLate: true } : silence), timeout);
  });
  const work = async () => {
    const response = await fetch(url, {
      method,
      headers,
      body,
      // A redirect would carry the session id and the user's token to wherever the server likes.
      redirect: mode ? 'follow' : 'manual',
      signal: controller.signal,
      // Only in pages: Chromium then asks anew for permission instead of remembering an earlier preflight.
      ...(hides && { cache: 'no-store', credentials: 'omit' }),
      ...(method === 'GET' && uncached),
      ...(mode && { mode }),
    });
    const media = mediaOf(response.headers.get('content-type'));
    head = {
      ms: elapsed(),
      status: response.status,
      headers: response.headers,
      media,
      isRedirect: response.type === 'opaqueredirect',
    };
    return reads && !mode ? { ...head, ...(await contentOf(response, head.media, wanted)) } : head;
  };
  const failed = (error) => ({ ms: elapsed(), failure: failureOf(error, { hides, url }) });
  try {
    return await Promise.race([work().catch(failed), late]);
  } finally {
    clearTimeout(timer);
    controller.abort(); // what is left of a stream
  }
}

export function mediaOf(type) {
  const essence = (type ?? '').split(';')[0].trim().toLowerCase();
  if (essence === 'text/event-stream') return 'stream';
  if (essence === 'application/json' || /^application\/.+\+json$/.test(essence)) return 'json';
  return essence === 'text/html' ? 'page' : 'other';
}

async function contentOf(response, media, wanted) {
  if (media !== 'stream') {
    const text = await textOf(response);
    return { text, message: parsed(text) };
  }
  for await (const { data } of eventsOf(response.body)) {
    const message = parsed(data);
    if (message && wanted(message)) return { text: data, message };
  }
  return { text: '' };
}

async function textOf(response) {
  const reader = response.body?.getReader();
  if (!reader) return '';
  const decoder = new TextDecoder();
  let text = '';
  for (let chunk = await reader.read(); !chunk.done && text.length < mostText; chunk = await reader.read()) {
    text += decoder.decode(chunk.value, { stream: true });
  }
  return text.slice(0, mostText);
}

/** The text as a JSON-RPC message; undefined when it is something else. */
export function parsed(text) {
  try {
    const value = JSON.parse(text);
    return value?.jsonrpc === '2.0' ? value : undefined;
  } catch {
    return undefined;
  }
}
