// Faults: responses whose content is too big, of the wrong type, or of another request.
import { gzipSync } from 'node:zlib';
import { initializeResult } from './healthy.mjs';

const page = '<!doctype html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>';
const illegalIds = {
  space: 'has a space',
  tab: 'has\ta\ttab',
  latin1: 'caf\u00e9-session',
  control: 'has\u0001control',
  long: 'x'.repeat(9_000),
  empty: '',
};

/** By path. */
export const bodies = {
  /**
   * The handshake's session id is illegal: `?kind=space|tab|latin1|control|long|empty`. Written to the socket, since
   * Node refuses to.
   */
  'bad-session-id': {
    initialize(exchange) {
      const id = illegalIds[exchange.text('kind', 'latin1')];
      const body = JSON.stringify({ jsonrpc: '2.0', id: exchange.message.id, result: initializeResult(exchange) });
      const cors = Object.entries(exchange.response.getHeaders()).map(([name, value]) => `${name}: ${value}`);
      const lines = [
        'HTTP/1.1 200 OK',
        ...cors,
        'Content-Type: application/json',
        `Content-Length: ${Buffer.byteLength(body)}`,
        `Mcp-Session-Id: ${id}`,
        'Connection: close',
        '',
        '',
      ];
      exchange.response.socket.end(Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), Buffer.from(body)]));
    },
  },

  /** The first answer is an event whose only line is `?bytes=…` long, 10 MB when left out. */
  'huge-line': {
    call(exchange) {
      if (!exchange.takeTurn()) return false;
      exchange.openStream();
      exchange.event({ jsonrpc: '2.0', id: exchange.message.id, result: hugeResult(exchange) });
      return exchange.response.end();
    },
  },

  /** The same as one JSON body. */
  'huge-json': {
    call(exchange) {
      if (!exchange.takeTurn()) return false;
      return exchange.answerWith({ jsonrpc: '2.0', id: exchange.message.id, result: hugeResult(exchange) });
    },
  },

  /** An error body of `?bytes=…`, 10 MB when left out, and of the `?type=…`. */
  'huge-error': {
    call(exchange) {
      if (!exchange.takeTurn()) return false;
      return exchange.say(500, 'x'.repeat(exchange.number('bytes', 10_000_000)), {
        type: exchange.text('type', 'text/plain'),
      });
    },
  },

  /** A web page instead of JSON: to the handshake, or with `?when=call` to calls only. */
  'html-page': {
    every(exchange) {
      if (exchange.text('when') === 'call' && exchange.message?.method !== 'tools/call') return false;
      return exchange.say(200, page, { type: 'text/html; charset=utf-8' });
    },
  },

  /** A compressed answer is cut: after its first bytes, or (`?form=empty`) before them. A proxy ended it as if it were whole. */
  'cut-gzip': {
    call(exchange) {
      if (!exchange.takeTurn()) return false;
      const answer = { jsonrpc: '2.0', id: exchange.message.id, result: exchange.execute() };
      const whole = gzipSync(JSON.stringify(answer));
      const sent = whole.subarray(0, exchange.text('form') === 'empty' ? 0 : whole.length / 2);
      return exchange.say(200, sent, { type: 'application/json', headers: { 'Content-Encoding': 'gzip' } });
    },
  },

  /** JSON that is not JSON. */
  'broken-json': {
    call(exchange) {
      if (!exchange.takeTurn()) return false;
      exchange.execute();
      return exchange.say(200, '{"jsonrpc":"2.0","id":', { type: 'application/json' });
    },
  },

  /** The answer is for another request. */
  'wrong-answer-id': {
    call(exchange) {
      if (!exchange.takeTurn()) return false;
      return exchange.answerWith({ jsonrpc: '2.0', id: 'other-request', result: exchange.execute() });
    },
  },

  /** The answer comes twice, the second time with other content. */
  'two-answers': {
    call(exchange) {
      const { id } = exchange.message;
      exchange.openStream();
      exchange.event({ jsonrpc: '2.0', id, result: exchange.execute() });
      exchange.event({ jsonrpc: '2.0', id, error: { code: -32603, message: 'the second answer' } });
      exchange.response.end();
    },
  },

  /** The server answers with an unknown revision. */
  'unknown-version': {
    initialize: (exchange) => exchange.answer({ ...initializeResult(exchange), protocolVersion: '1999-01-01' }),
  },
};

function hugeResult(exchange) {
  exchange.execute();
  return { content: [{ type: 'text', text: 'x'.repeat(exchange.number('bytes', 10_000_000)) }] };
}
