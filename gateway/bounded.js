// Reading the responses of servers into memory, up to a limit. An isolate has 128 MB for all its requests.
// @ts-check

/** Bytes of an answer that are read as a whole, like the package's `limits.maxMessageBytes`. */
export const LARGEST_ANSWER = 16 * 1024 * 1024;
/** Bytes of an error: more than any error says. */
export const LARGEST_ERROR = 256 * 1024;

/**
 * The text of a body; undefined if it has more bytes than this: then the rest is not read.
 * @param {ReadableStream<Uint8Array> | null} body
 * @param {number} limit
 */
export async function textWithin(body, limit) {
  const start = await startOf(body, limit);
  if (start.text === undefined) await start.whole.cancel().catch(() => {});
  return start.text;
}

/**
 * The text of a body if it has at most this many bytes; otherwise `whole`, the body with the bytes that were read, and `first`, the text of those.
 * @param {ReadableStream<Uint8Array> | null} body
 * @param {number} limit
 * @returns {Promise<{ text: string } | { text: undefined, first: string, whole: ReadableStream<Uint8Array> }>}
 */
export async function startOf(body, limit) {
  if (!body) return { text: '' };
  const reader = body.getReader();
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const chunks = [];
  let size = 0;
  while (size <= limit) {
    const { done, value } = await reader.read();
    if (done) return { text: withoutMark(await new Blob(chunks).text()) };
    chunks.push(/** @type {Uint8Array<ArrayBuffer>} */ (value));
    size += value.byteLength;
  }
  return { text: undefined, first: new TextDecoder().decode(chunks[0]), whole: rejoined(chunks, reader) };
}

/** @param {Uint8Array<ArrayBuffer>[]} chunks @param {ReadableStreamDefaultReader<Uint8Array>} reader */
function rejoined(chunks, reader) {
  return new ReadableStream({
    async pull(controller) {
      const chunk = chunks.shift();
      const { done, value } = chunk ? { done: false, value: chunk } : await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** workerd leaves a byte order mark in the text. RFC 8259 §8.1: parsers may ignore it. @param {string} text */
export function withoutMark(text) {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
