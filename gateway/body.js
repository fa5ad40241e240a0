// Reading a request's body, up to a limit.
// @ts-check

import { withoutMark } from './bounded.js';
import { within } from './patience.js';

/** @import { Head } from './types.js' */

// A client that is refused while it still sends sees a broken connection instead of the response. So unwanted bodies are read and discarded, up to
// a limit.
const MAX_DRAINED = 32 * 1024 * 1024;
const SILENCE = 10_000; // milliseconds without a byte after which the rest of a body is not waited for
const ENDS = 4_096; // bytes at both ends of a body that is too large: they may have the request's id

/** The rest of a body does not arrive. */
export class Stalled extends Error {}

/** @typedef {{ text: string | undefined, head: string, tail: string }} Body its text, or its beginning and its end */

/**
 * The body as text; only its ends, without buffering it, if it is larger than `limit` bytes.
 * @param {Request} request
 * @param {Head} fields its headers
 * @param {number} limit
 * @returns {Promise<Body>}
 */
export async function readBody(request, fields, limit) {
  const declared = fields['content-length'];
  // Only without a transfer encoding the declared length is enforced (RFC 9112 §6.3).
  if (declared === undefined || fields['transfer-encoding'] !== undefined || Number(declared) > limit)
    return readWhile(request, limit);
  const text = await request.text(); // without a timer: of the messages of a user, nearly all are read here
  return { text, head: '', tail: '' };
}

/** @param {Request} request @param {number} limit @returns {Promise<Body>} */
async function readWhile(request, limit) {
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const chunks = [];
  let size = 0;
  let head = new Uint8Array();
  let tail = new Uint8Array();
  for await (const chunk of arriving(request.body)) {
    size += chunk.byteLength;
    if (size > MAX_DRAINED) break;
    if (size <= limit) chunks.push(chunk);
    else chunks.length = 0;
    if (head.byteLength < ENDS) head = joined(head, chunk).slice(0, ENDS);
    tail = joined(tail, chunk.subarray(-ENDS)).slice(-ENDS);
  }
  if (size <= limit) return { text: withoutMark(await new Blob(chunks).text()), head: '', tail: '' };
  const decoder = new TextDecoder();
  return { text: undefined, head: decoder.decode(head), tail: decoder.decode(tail) };
}

/** The chunks of a body, until it stalls: @param {ReadableStream<Uint8Array<ArrayBuffer>> | null} body */
async function* arriving(body) {
  const reader = body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      /** @type {ReadableStreamReadResult<Uint8Array<ArrayBuffer>> | undefined} */
      let read;
      const reading = reader.read().then((next) => {
        read = next;
      });
      await within(reading, SILENCE);
      if (!read) throw new Stalled();
      const { done, value } = /** @type {ReadableStreamReadResult<Uint8Array<ArrayBuffer>>} */ (read);
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {}); // the client may have left
  }
}

/** @param {Uint8Array} one @param {Uint8Array} other */
function joined(one, other) {
  const both = new Uint8Array(one.byteLength + other.byteLength);
  both.set(one);
  both.set(other, one.byteLength);
  return both;
}

/**
 * Reads and discards the rest of the body.
 * @param {Request} request
 */
export async function drain(request) {
  if (!request.body || request.bodyUsed) return;
  let size = 0;
  for await (const chunk of arriving(request.body)) {
    size += chunk.byteLength;
    if (size > MAX_DRAINED) break;
  }
}
