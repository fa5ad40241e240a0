// Faults: the connection breaks, or no response arrives. They affect the first call, or the first `?times=…`.

/** By path. */
export const connections = {
  /** The connection is reset and the tool has not run. */
  'reset-before-answer': {
    call(exchange) {
      if (!exchange.takeTurn()) return false;
      return exchange.reset();
    },
  },

  /** The connection is reset and the tool has run. */
  'reset-after-execution': {
    call(exchange) {
      if (!exchange.takeTurn()) return false;
      exchange.execute();
      return exchange.reset();
    },
  },

  /** Half of a JSON answer arrives. */
  'cut-body': {
    call(exchange) {
      if (!exchange.takeTurn()) return false;
      const body = JSON.stringify({ jsonrpc: '2.0', id: exchange.message.id, result: exchange.execute() });
      exchange.response.writeHead(200, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
      });
      exchange.response.write(body.slice(0, body.length / 2));
      return exchange.cut();
    },
  },

  /** Half of an event arrives on a stream without ids. */
  'cut-stream': {
    call(exchange) {
      if (!exchange.takeTurn()) return false;
      const text = JSON.stringify({ jsonrpc: '2.0', id: exchange.message.id, result: exchange.execute() });
      exchange.openStream();
      exchange.response.write(`data: ${text.slice(0, text.length / 2)}`);
      return exchange.cut();
    },
  },

  /** No byte of an answer comes. The tool runs. */
  'never-answers': {
    call(exchange) {
      if (!exchange.takeTurn(Infinity)) return false;
      exchange.execute();
      return undefined;
    },
  },

  /** A stream is opened for the answer, and stays empty. The tool runs. */
  'stream-never-answers': {
    call(exchange) {
      if (!exchange.takeTurn(Infinity)) return false;
      exchange.execute();
      return exchange.openStream();
    },
  },

  /**
   * Nothing is answered after the handshake: neither calls, nor pings, nor a new handshake. With `?early=1` not even
   * `notifications/initialized`.
   */
  'goes-silent': {
    every: ({ place, message, ...exchange }) => {
      const isHandshake =
        place.counts.initialized === 0 ||
        (place.counts.initialized === 1 && message?.method === 'notifications/initialized');
      return isHandshake && !(message?.method === 'notifications/initialized' && exchange.url.searchParams.has('early'))
        ? false
        : undefined;
    },
  },

  /** The handshake takes `?ms=…`, one second when left out. */
  'initialize-slow': {
    async initialize(exchange) {
      await exchange.pause(exchange.number('ms', 1_000));
      return false;
    },
  },

  /** The answer takes `?ms=…`, one second when left out. */
  'call-slow': {
    async call(exchange) {
      await exchange.pause(exchange.number('ms', 1_000));
      return false;
    },
  },
};
