// The healthy, stateful MCP server that each fault is based on.

const versions = ['2025-03-26', '2025-06-18', '2025-11-25'];
const inputSchema = { type: 'object', properties: { key: { type: 'string' } } };

/** The tools: one that is read-only, one that is idempotent, one that must not run twice. */
export const tools = [
  { name: 'safe', description: 'Only reads.', annotations: { readOnlyHint: true }, inputSchema },
  { name: 'set', description: 'May be repeated.', annotations: { idempotentHint: true }, inputSchema },
  { name: 'unsafe', description: 'Must not run twice.', inputSchema },
];

/**
 * Runs a tool and counts it, by tool and by the `key` argument.
 * @param {import('./place.mjs').Place} place
 * @param {{ name: string, arguments?: { key?: string } }} call
 */
export function runTool({ counts }, { name, arguments: { key = 'default' } = {} }) {
  counts.calls[name] = (counts.calls[name] ?? 0) + 1;
  counts.executions[key] = (counts.executions[key] ?? 0) + 1;
  return { content: [{ type: 'text', text: `${name} ${key}: ${counts.executions[key]}` }] };
}

/** The functions of a healthy server, by the same names as a fault's own. */
const healthy = {
  unknownSession: (exchange) => exchange.refuse(404, -32001, 'Session not found'),

  initialize(exchange) {
    const id = exchange.place.openSession();
    exchange.answer(initializeResult(exchange), { 'Mcp-Session-Id': id });
  },

  call(exchange) {
    const { params } = exchange.message;
    if (!tools.some((tool) => tool.name === params?.name)) {
      exchange.answerWith({
        jsonrpc: '2.0',
        id: exchange.message.id,
        error: { code: -32602, message: `no such tool: ${params?.name}` },
      });
    } else {
      exchange.answer(exchange.execute());
    }
  },

  stream(exchange) {
    const { place, response } = exchange;
    exchange.openStream();
    response.write(': open\n\n');
    place.streams.add(response);
    response.on('close', () => place.streams.delete(response));
  },

  end(exchange) {
    exchange.place.sessions.delete(exchange.sessionId);
    exchange.say(200);
  },
};

const otherMethods = {
  'tools/list': () => ({ tools }),
  ping: () => ({}),
  'logging/setLevel': () => ({}),
  'resources/list': () => ({ resources: [{ uri: 'test://thing', name: 'thing' }] }),
  'resources/read': ({ uri }) => ({ contents: [{ uri, text: 'a thing' }] }),
  'resources/subscribe': () => ({}),
  'resources/unsubscribe': () => ({}),
  'prompts/list': () => ({ prompts: [] }),
};

/** The answer to a handshake. */
export function initializeResult({ message }) {
  const asked = message.params?.protocolVersion;
  return {
    protocolVersion: versions.includes(asked) ? asked : versions.at(-1),
    capabilities: { tools: { listChanged: true }, resources: { subscribe: true }, prompts: {}, logging: {} },
    serverInfo: { name: 'mcp-tether-fault-server', version: '1.0.0' },
  };
}

/**
 * Dispatches one request, to the fault's own function first. A fault's function returns false to leave
 * the request to the healthy server.
 * @param {import('./exchange.mjs').Exchange} exchange
 * @param {object} fault
 */
export async function dispatch(exchange, fault) {
  const turn = async (name) => {
    if (fault[name] && (await fault[name](exchange)) !== false) return;
    await healthy[name]?.(exchange);
  };
  const { request, message, place, sessionId } = exchange;
  if (fault.every && (await fault.every(exchange)) !== false) return undefined;
  if (request.method === 'POST' && message === undefined) return exchange.refuse(400, -32700, 'Parse error');
  if (message?.method === 'initialize') return turn('initialize');
  if (sessionId === undefined) return exchange.refuse(400, -32000, 'Bad Request: Mcp-Session-Id header is required');
  if (request.method === 'DELETE') place.counts.deleted.push(sessionId);
  if (request.method === 'DELETE' && fault.end) return turn('end');
  if (!exchange.session) {
    place.counts.unknownSession += 1;
    return turn('unknownSession');
  }
  if (request.method === 'DELETE') return turn('end');
  if (request.method === 'GET') return turn('stream');
  if (request.method !== 'POST') return exchange.refuse(405, -32000, 'Method not allowed');
  return post(exchange, turn);
}

async function post(exchange, turn) {
  const { message, place, session } = exchange;
  if (message.method === undefined) {
    place.counts.clientAnswers.push(message);
    place.waitingForClient.get(message.id)?.(message);
    return exchange.say(202);
  }
  if (message.id === undefined) return exchange.say(202);
  if (message.method === 'tools/call') {
    session.calls += 1;
    await turn('call');
    if (session.calls >= exchange.number('after', Infinity)) place.sessions.delete(session.id);
    return undefined;
  }
  if (Object.hasOwn(otherMethods, message.method))
    return exchange.answer(otherMethods[message.method](message.params ?? {}));
  return exchange.answerWith({ jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'Method not found' } });
}
