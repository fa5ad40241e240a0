// Event streams that are passed straight on, with comments where the server is silent. They keep proxies from cutting the stream,
// and workerd finds out that a client is gone by nothing but writing to it.
// @ts-check

/** @import { Answer, Rpc, RpcId } from './types.js' */

const GRACE = 2_000; // what has no answer by then is answered by a stream
const SILENCE = 5_000; // 2026-07-28: a client that is gone has cancelled, so it matters how soon that is known

const encoder = new TextEncoder();
const comment = encoder.encode(': keepalive\n\n');
const NEWLINE = 10;

/**
 * What `answer` promises to the request with this id; an event stream that begins without it where it is late. `cancel` is called when the client is gone.
 * @param {Promise<Answer>} answer
 * @param {RpcId | null} id
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
 * The stream that `source` is or promises, with comments while it is silent.
 * @param {Promise<ReadableStream<Uint8Array>>} source
 * @param {() => void} cancel
 */
export function keptAlive(source, cancel) {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  /** @type {Promise<ReadableStreamDefaultReader<Uint8Array>>} */
  let reader;
  let atBoundary = true; // between two events: elsewhere a comment would end up in the middle of one
  return new ReadableStream({
    async start(controller) {
      timer = setInterval(() => {
        if (atBoundary) controller.enqueue(comment);
      }, SILENCE);
      controller.enqueue(comment);
      reader = source.then((body) => body.getReader());
      reader.catch(() => {}); // told by pull
    },
    async pull(controller) {
      try {
        const { done, value } = await (await reader).read();
        if (done) {
          end(controller);
          return;
        }
        atBoundary = value.at(-1) === NEWLINE && (value.length === 1 ? atBoundary : value.at(-2) === NEWLINE);
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

  /** @param {ReadableStreamDefaultController<Uint8Array>} controller */
  function end(controller) {
    clearInterval(timer);
    controller.close();
  }
}

// An answer that is one body, as the one event of a stream. The stream's status is sent already, so an answer that says everything by its own, such as a
// proxy's 504, becomes a JSON-RPC error: without one the client would wait for its own timeout.
/** @param {Answer} answer @param {RpcId | null} id @returns {Promise<ReadableStream<Uint8Array>>} */
async function eventsOf({ status, headers, body }, id) {
  if (body instanceof ReadableStream && headers?.['content-type']?.includes('text/event-stream')) return body;
  const message = parsed(await new Response(body).text());
  const isAnswer = message?.jsonrpc === '2.0' && (message.result !== undefined || message.error !== undefined);
  const data = isAnswer
    ? { ...message, id: message.id ?? id }
    : {
        jsonrpc: '2.0',
        id,
        error: { code: -32000, message: `The server answered with HTTP status ${status}`, data: { status } },
      };
  return new Blob([`data: ${JSON.stringify(data)}\n\n`]).stream();
}

/** @param {string} text @returns {Rpc | undefined} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
