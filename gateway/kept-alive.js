// Event streams that are forwarded, with comments while the server is silent. They keep proxies from closing the stream, and workerd detects a
// disconnected client only by writing.
// @ts-check

import { LARGEST_ANSWER, textWithin } from './bounded.js';
import { dataLines, isEventStream, markRemover } from './event-stream.js';
import { error } from './messages.js';
import { parse, RawJson, write } from './raw-json.js';

/** @import { Answer } from './types.js' */

const GRACE = 2_000; // milliseconds; a later response is sent as a stream
const SILENCE = 5_000; // milliseconds; 2026-07-28: disconnecting cancels the request, so it should be detected early

const encoder = new TextEncoder();
const TOO_LARGE = {
  code: 1000,
  message: `the request ran, but its response has more than ${LARGEST_ANSWER} bytes`,
  data: { code: 'limit_exceeded', retryable: false },
};
const BETWEEN = '\n\n'.padStart(3); // as before the first event
const comment = encoder.encode(': keepalive\n\n');

/**
 * The response promised by `answer` to the request with this id; if it is late, an event stream that starts without it. `cancel` is called when the client
 * disconnects.
 * @param {Promise<Answer>} answer
 * @param {unknown} id
 * @param {() => void} cancel
 * @returns {Promise<Answer>}
 */
export async function inTime(answer, id, cancel) {
  const { promise: late, resolve } = Promise.withResolvers();
  const timer = setTimeout(resolve, GRACE);
  const early = /** @type {Answer | undefined} */ (await Promise.race([answer, late]));
  clearTimeout(timer);
  return (
    early ?? {
      status: 200,
      headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
      body: keptAlive(
        answer.then((late) => eventsOf(late, id)),
        cancel,
      ),
    }
  );
}

/**
 * The stream `source`, or the promised one, with comments while it is silent.
 * @param {Promise<ReadableStream<Uint8Array>>} source
 * @param {() => void} cancel
 * @param {number} [until] when the stream ends at the latest: the expiry of the client's token
 */
export function keptAlive(source, cancel, until = Number.POSITIVE_INFINITY) {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  /** @type {Promise<ReadableStreamDefaultReader<Uint8Array>>} */
  let reader;
  let last = BETWEEN; // the last bytes of the source
  const withoutMark = markRemover();
  return new ReadableStream({
    async start(controller) {
      timer = setInterval(() => {
        if (Date.now() >= until) {
          end(controller);
          cancel();
        } else if (isBetweenEvents(last)) {
          controller.enqueue(comment);
        }
      }, SILENCE);
      controller.enqueue(comment);
      reader = source.then((body) => body.getReader());
      reader.catch(() => {}); // pull reports it
    },
    async pull(controller) {
      try {
        const value = await read();
        if (!value) {
          end(controller);
          return;
        }
        last = (last + String.fromCharCode(...value.subarray(-BETWEEN.length))).slice(-BETWEEN.length);
        controller.enqueue(value);
      } catch (error) {
        clearInterval(timer);
        controller.error(error);
      }
    },
    async cancel() {
      clearInterval(timer);
      cancel();
    },
  });

  // What is left of the next chunk; undefined at the end of the source.
  async function read() {
    for (;;) {
      const { done, value } = await (await reader).read();
      if (done) return undefined;
      const rest = withoutMark(value);
      if (rest.length > 0) return rest;
    }
  }

  /** @param {ReadableStreamDefaultController<Uint8Array>} controller */
  function end(controller) {
    clearInterval(timer);
    controller.close();
  }
}

// Elsewhere a comment would corrupt an event. Lines end with LF, CRLF or CR (HTML §9.2.6), and an event with an empty line.
/** @param {string} last the last bytes */
function isBetweenEvents(last) {
  return /\n\n$|[\r\n]\r\n?$/.test(last);
}

// A response body as the only event of a stream. The status has been sent already, so a response without a JSON-RPC body, such as a proxy's 504, becomes
// a JSON-RPC error: otherwise the client would wait until its timeout.
/** @param {Answer} answer @param {unknown} id @returns {Promise<ReadableStream<Uint8Array>>} */
async function eventsOf({ status, headers, body }, id) {
  if (body instanceof ReadableStream && isEventStream(headers?.['content-type'])) return body;
  const text = await textWithin(new Response(body).body, LARGEST_ANSWER);
  const message = parsed(text ?? '');
  const isAnswer =
    message?.get('jsonrpc') === '2.0' && (message.get('result') !== undefined || message.get('error') !== undefined);
  if (isAnswer && (message.get('id') ?? null) === null) message.set('id', id);
  const failure =
    text === undefined
      ? TOO_LARGE
      : { code: -32000, message: `The server answered with HTTP status ${status}`, data: { status } };
  const data = isAnswer ? message.text : error(write(id) ?? 'null', failure);
  return new Blob([`event: message\n${dataLines(data)}\n`]).stream();
}

/** @param {string} text */
function parsed(text) {
  try {
    const message = parse(text);
    return message instanceof RawJson && message.isObject ? message : undefined;
  } catch {
    return undefined;
  }
}
