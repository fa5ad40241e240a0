// A stateful MCP server that is a `fetch`: no socket, no thread, so that only the client is measured. It counts its
// requests.

/**
 * @param {{ later?: boolean, answer?: (id: number) => Response }} [options] `later`: answers in a later turn of the event loop, as a network does
 */
export function fakeServer({ later = false, answer } = {}) {
  const server = {
    counts: { initialize: 0, call: 0, get: 0, delete: 0, refused: 0 },
    sessions: new Set(),
    fetch: later ? fetchLater : fetchNow,
  };
  let issued = 0;

  async function fetchLater(url, init) {
    await new Promise(setImmediate);
    return fetchNow(url, init);
  }

  async function fetchNow(_url, { method, headers, body } = {}) {
    if (method === 'GET') {
      server.counts.get += 1;
      return new Response(null, { status: 405 });
    }
    const id = new Headers(headers).get('mcp-session-id');
    if (method === 'DELETE') {
      server.counts.delete += 1;
      server.sessions.delete(id);
      return new Response(null, { status: 200 });
    }
    const message = JSON.parse(body);
    if (message.method === 'initialize') {
      server.counts.initialize += 1;
      issued += 1;
      const session = `session-${String(issued).padStart(20, '0')}`;
      server.sessions.add(session);
      return json(
        message.id,
        { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'fake', version: '1' } },
        { 'mcp-session-id': session },
      );
    }
    if (!server.sessions.has(id)) {
      server.counts.refused += 1;
      return new Response('{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}', {
        status: 404,
        headers: { 'content-type': 'application/json' },
      });
    }
    if (message.id === undefined) return new Response(null, { status: 202 });
    if (message.method === 'tools/list') return json(message.id, { tools: [] });
    server.counts.call += 1;
    return (
      answer?.(message.id) ??
      json(message.id, { content: [{ type: 'text', text: `${message.params?.arguments?.text ?? 'x'.repeat(1_000)}` }] })
    );
  }

  return server;
}

function json(id, result, headers = {}) {
  return new Response(JSON.stringify({ jsonrpc: '2.0', id, result }), {
    headers: { 'content-type': 'application/json', ...headers },
  });
}

/** Watches the event loop. `stop()` returns the duration of its longest turn. */
export function watchPauses() {
  let last = performance.now();
  let longest = 0;
  let running = true;
  const turn = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    restart() {
      last = performance.now();
      longest = 0;
    },
    stop() {
      running = false;
      return Math.max(longest, performance.now() - last);
    },
  };
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
export const megabytes = (bytes) => `${(bytes / 1_048_576).toFixed(1)} MB`;

/** All memory of the process after garbage collection. */
export function settledMemory() {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage.rss();
}
