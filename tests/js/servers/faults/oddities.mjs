// Faults: answers that resemble a lost session but are none, that report one in a vendor's own words, and a server that
// is out of reach for a time. The URL chooses the answer; see chosen-answer.mjs.
import { giveChosenAnswer } from './chosen-answer.mjs';
import { runTool } from './healthy.mjs';

const progress = '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"none","progress":1}}';

/** How frameworks and proxies wrap a JSON-RPC response: its type and its text. */
const wrappings = {
  plain: (text) => ['application/json', text],
  problem: (text) => ['application/problem+json', text],
  untyped: (text) => [undefined, ` \r\n${text}`],
  marked: (text) => ['text/plain', `\uFEFF${text}`],
  batch: (text) => ['application/json', `[${text}]`],
  mixed: (text) => ['application/json', `[${progress},${text}]`],
  stream: (text) => ['text/event-stream', `event: message\ndata: ${text}\n\n`],
  primed: (text) => [
    'text/event-stream; charset=utf-8',
    `: hi\r\n\r\nid: 1\r\ndata: \r\n\r\ndata: ${progress}\r\n\r\nid: 2\r\ndata: ${text}\r\n\r\ndata: [DONE]\r\n\r\n`,
  ],
  lines: (text) => [
    'text/event-stream',
    `data: ${JSON.stringify(JSON.parse(text), null, 1).replaceAll('\n', '\ndata: ')}\n\n`,
  ],
  untypedStream: (text) => [undefined, `data: ${text}\n\n`],
};

/** By path. */
export const oddities = {
  /** No GET stream, and the answer may have any words; POST works. */
  'get-refused': { stream: (exchange) => giveChosenAnswer(exchange) },

  /** The first GET stream ends after one event. A GET that resumes it is refused; one without a cursor is served. */
  'get-resume-refused': {
    stream(exchange) {
      const { place, request } = exchange;
      if (request.headers['last-event-id'] !== undefined) return giveChosenAnswer(exchange);
      if (place.hasEnded) return false;
      place.hasEnded = true;
      exchange.openStream();
      exchange.event(undefined, { id: 'event-1' });
      return exchange.response.end();
    },
  },

  /** A lost session is reported in a vendor's own words. */
  'odd-loss': { unknownSession: (exchange) => giveChosenAnswer(exchange) },

  /**
   * While it is switched on, every POST with a session id is answered like this, at most `?times=…` of them. Sessions
   * stay alive.
   */
  'odd-for-a-while': {
    every(exchange) {
      const { place, request, message, sessionId } = exchange;
      const isMeant =
        place.switched &&
        request.method === 'POST' &&
        sessionId !== undefined &&
        message?.method !== 'notifications/initialized';
      if (!isMeant || !exchange.takeTurn(Infinity)) return false;
      return giveChosenAnswer(exchange);
    },
  },

  /** The tool runs, and its own error is sent with an HTTP status. */
  'handler-error': {
    call(exchange) {
      exchange.execute();
      return giveChosenAnswer(exchange, { status: 404, form: 'own' });
    },
  },

  /**
   * The tool runs, and its response has a status of its own: a result, or (`?error=1`) an error, wrapped (`?wrapping=…`) and filled up to `?bytes=…`.
   * `Retry-After` asks for a short wait.
   */
  'handler-wrapped': {
    call(exchange) {
      const padding = 'x'.repeat(exchange.number('bytes', 0));
      const { content } = exchange.execute();
      const outcome = exchange.text('error')
        ? { error: { code: -32000, message: 'order failed', data: padding } }
        : { result: { content: [...content, { type: 'text', text: padding }], isError: true } };
      const response = JSON.stringify({ jsonrpc: '2.0', id: exchange.message.id, ...outcome });
      const [type, text] = wrappings[exchange.text('wrapping', 'plain')](response);
      exchange.response.writeHead(exchange.number('status', 429), {
        ...(type && { 'Content-Type': type }),
        'Retry-After': '0.1',
      });
      exchange.response.end(text);
    },
  },

  /** Progress with tokens that the client never issued: a string, another number, none. */
  'progress-foreign': {
    call(exchange) {
      const result = runTool(exchange.place, exchange.message.params);
      exchange.openStream();
      for (const params of [
        { progressToken: 'other-token', progress: 1 },
        { progressToken: 987_654_321, progress: 1 },
        undefined,
        {},
      ]) {
        exchange.event({ jsonrpc: '2.0', method: 'notifications/progress', params });
      }
      exchange.event({ jsonrpc: '2.0', id: exchange.message.id, result });
      return exchange.response.end();
    },
  },

  /**
   * While it is switched on, a proxy answers that the server is out of reach. With `?noPing=1` the server does not
   * support ping.
   */
  down: {
    every(exchange) {
      const { place, message } = exchange;
      if (place.switched)
        return giveChosenAnswer(exchange, { status: 502, words: '<html><h1>Bad Gateway</h1></html>' });
      if (message?.method !== 'ping' || !exchange.text('noPing')) return false;
      return exchange.answerWith({
        jsonrpc: '2.0',
        id: message.id,
        error: { code: -32601, message: 'Method not found' },
      });
    },
  },

  /** Each call crashes the server: it is out of reach for `?ms=…` (60). */
  'call-crashes': {
    every(exchange) {
      if (Date.now() >= (exchange.place.downUntil ?? 0)) return false;
      return giveChosenAnswer(exchange, { status: 502 });
    },
    call(exchange) {
      exchange.place.downUntil = Date.now() + exchange.number('ms', 60);
      return giveChosenAnswer(exchange, { status: 502 });
    },
  },
};
