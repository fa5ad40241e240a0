// Streams of calls: they end with the answer, or the request is lost; a client that closes one cancels the request.

/** By path. */
export const streams = {
  /** The tool runs, and the stream is cut: `?executed=0` cuts before. */
  cut: {
    async 'tools/call'(exchange) {
      if (!exchange.takeTurn()) return false;
      exchange.openStream();
      exchange.progress(1, 2);
      if (exchange.number('executed', 1)) exchange.execute();
      await exchange.cut();
      return undefined;
    },
  },
  'ends-unanswered': {
    'tools/call'(exchange) {
      if (!exchange.takeTurn()) return false;
      exchange.openStream();
      exchange.execute();
      exchange.response.end();
      return undefined;
    },
  },
  /** Ids and `retry:` have no meaning in this revision: nothing can be resumed. */
  'ids-and-cut': {
    async 'tools/call'(exchange) {
      if (!exchange.takeTurn()) return false;
      exchange.openStream();
      exchange.event(undefined, { id: 'e-1', retry: 10 });
      exchange.execute();
      await exchange.cut();
      return undefined;
    },
  },
  reset: {
    'tools/call'(exchange) {
      if (!exchange.takeTurn()) return false;
      exchange.execute();
      return exchange.reset();
    },
  },
  /** Works for `?ms=…`, with progress, a log line and comments, and detects when its client disconnects. */
  slow: {
    async 'tools/call'(exchange) {
      exchange.openStream();
      const steps = 5;
      for (let step = 1; step <= steps; step += 1) {
        if (!(await exchange.pause(exchange.number('ms', 100) / steps))) return undefined;
        exchange.response.write(': working\n\n');
        exchange.progress(step, steps);
      }
      exchange.event({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'done' } });
      exchange.event({
        jsonrpc: '2.0',
        id: exchange.message.id,
        result: { resultType: 'complete', ...exchange.execute() },
      });
      exchange.response.end();
      return undefined;
    },
  },
  /** Never answers. */
  silent: { 'tools/call': () => undefined },
  /** Sends a request on the stream, as older revisions do. */
  'asks-on-the-stream': {
    async 'tools/call'(exchange) {
      exchange.openStream();
      exchange.event({ jsonrpc: '2.0', id: 1, method: 'ping' });
      exchange.event({ jsonrpc: '2.0', id: 2, method: 'roots/list' });
      await exchange.pause(100);
      exchange.event({
        jsonrpc: '2.0',
        id: exchange.message.id,
        result: { resultType: 'complete', ...exchange.execute() },
      });
      exchange.response.end();
      return undefined;
    },
  },
};
