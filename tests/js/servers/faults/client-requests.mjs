// Not faults: the server sends a request to the client while a call runs, and answers the call after the client's
// answer.

/** By path. The client's answers are in the counts, under `clientAnswers`. */
export const clientRequests = {
  'server-request-ping': { call: (exchange) => askFirst(exchange, { method: 'ping' }) },
  'server-request-unknown': { call: (exchange) => askFirst(exchange, { method: 'unknown/method', params: {} }) },

  /** The ping comes on the GET stream, while a call waits for its answer. */
  'server-request-on-get': {
    async call(exchange) {
      const [stream] = exchange.place.streams;
      const answered = ask(exchange.place, { method: 'ping' }, (message) =>
        stream?.write(`data: ${JSON.stringify(message)}\n\n`),
      );
      await Promise.race([answered, exchange.pause(5_000)]);
      exchange.answer(exchange.execute());
    },
  },
};

async function askFirst(exchange, request) {
  exchange.openStream();
  await Promise.race([ask(exchange.place, request, (message) => exchange.event(message)), exchange.pause(5_000)]);
  exchange.event({ jsonrpc: '2.0', id: exchange.message.id, result: exchange.execute() });
  exchange.response.end();
}

function ask(place, request, send) {
  place.requestNumber = (place.requestNumber ?? 0) + 1;
  const id = `server-${place.requestNumber}`;
  return new Promise((resolve) => {
    place.waitingForClient.set(id, resolve);
    send({ jsonrpc: '2.0', id, ...request });
  });
}
