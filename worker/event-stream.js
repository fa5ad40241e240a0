// One event stream to the client: comments keep it alive, and a reader that is too slow loses it.

const KEEPALIVE = 25_000; // proxies cut what is silent for 30 to 60 seconds
const RETRY = 1_000; // milliseconds until a client that lost its stream comes back

const encoder = new TextEncoder();

export class EventStream {
  #controller;
  #timer;
  #onclose;

  /** @param {number} limit bytes that may wait for the client @param {() => void} onclose called when the client is gone, or too slow */
  constructor(limit, onclose) {
    this.#onclose = onclose;
    const start = (controller) => (this.#controller = controller);
    this.body = new ReadableStream({ start, cancel: () => this.#lost() }, new ByteLengthQueuingStrategy({ highWaterMark: limit }));
    this.#timer = setInterval(() => this.#write(': keepalive\n\n'), KEEPALIVE);
  }

  /** The answer that carries the stream. */
  get response() {
    return new Response(this.body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' } });
  }

  /** 2025-11-25 basic/transports: an event with an id and no data, so that the client can come back from the very beginning. */
  prime(id) {
    this.#write(`retry: ${RETRY}\nid: ${id}\ndata: \n\n`);
  }

  /** Sends an event. */
  send(id, data) {
    this.#write(`id: ${id}\ndata: ${data}\n\n`);
  }

  /** Something to read, so that the head of the answer goes out at once. */
  greet() {
    this.#write(': welcome\n\n');
  }

  close() {
    if (!this.#controller) return;
    this.#controller.close();
    this.#end();
  }

  #write(text) {
    if (!this.#controller) return;
    if (this.#controller.desiredSize <= 0) {
      this.#controller.error(new Error('the client reads too slowly'));
      return this.#lost();
    }
    this.#controller.enqueue(encoder.encode(text));
  }

  #lost() {
    if (!this.#controller) return;
    this.#end();
    this.#onclose();
  }

  #end() {
    clearInterval(this.#timer);
    this.#controller = undefined;
  }
}
