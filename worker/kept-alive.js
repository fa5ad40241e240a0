// Event streams that are passed straight on, with comments where the server is silent. They keep proxies from cutting the stream,
// and workerd finds out that a client is gone by nothing but writing to it.

const GRACE = 2_000; // what has no answer by then is answered by a stream
const SILENCE = 5_000; // 2026-07-28: a client that is gone has cancelled, so it matters how soon that is known

const encoder = new TextEncoder();
const comment = encoder.encode(': keepalive\n\n');
const NEWLINE = 10;

/** What `answer` promises; an event stream that begins without it where it is late. `cancel` is called when the client is gone. */
export async function inTime(answer, cancel) {
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, GRACE)));
  const early = await Promise.race([answer, late]);
  clearTimeout(timer);
  return early ?? { status: 200, headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' }, body: keptAlive(answer.then(eventsOf), cancel) };
}

/** The stream that `source` is or promises, with comments while it is silent. */
export function keptAlive(source, cancel) {
  let timer;
  let reader;
  let atBoundary = true; // between two events: elsewhere a comment would end up in the middle of one
  return new ReadableStream({
    async start(controller) {
      timer = setInterval(() => atBoundary && controller.enqueue(comment), SILENCE);
      controller.enqueue(comment);
      reader = source.then((body) => body.getReader());
      reader.catch(() => {}); // told by pull
    },
    async pull(controller) {
      try {
        const { done, value } = await (await reader).read();
        if (done) return end(controller);
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

  function end(controller) {
    clearInterval(timer);
    controller.close();
  }
}

// An answer that is one JSON body, as the one event of a stream.
async function eventsOf({ headers, body }) {
  if (headers?.['content-type']?.includes('text/event-stream')) return body;
  const data = JSON.stringify(await new Response(body).json());
  return new Blob([`data: ${data}\n\n`]).stream();
}
