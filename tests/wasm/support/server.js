// An MCP server in memory, with the interface of `fetch`. The tests evaluate this file: it is one expression, because
// wasm-bindgen cannot import the same snippet into a CommonJS module (Node) and into a page.
(mode) => {
  const encoder = new TextEncoder();
  const sessions = new Map();
  const faults = [];
  const posts = [];
  const counts = { initialize: 0, post: 0, get: 0, delete: 0, runs: 0 };
  let serverRequests = 0;

  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const text = (value) => ({ content: [{ type: 'text', text: String(value) }] });
  const rpcError = (id, code, message) => ({ jsonrpc: '2.0', id, error: { code, message } });
  const json = (value, status = 200, headers = {}) =>
    new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json', ...headers } });

  // An event stream that can be written to until it is closed, aborted by the client, or cut.
  function openStream(signal) {
    let controller;
    let isOpen = true;
    // Like the socket of a real stream, it keeps a Node process alive: the manager's timer does not while requests are
    // in flight.
    const socket = setInterval(() => {}, 1000);
    const end = (act) => {
      clearInterval(socket);
      if (isOpen) act();
      isOpen = false;
    };
    const body = new ReadableStream({
      start: (given) => {
        controller = given;
      },
      cancel: () => end(() => {}),
    });
    const stream = {
      response: () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
      send: (message) => {
        if (isOpen) controller.enqueue(encoder.encode(`event: message\ndata: ${JSON.stringify(message)}\n\n`));
      },
      close: () => end(() => controller.close()),
      cut: (reason) => end(() => controller.error(reason)),
    };
    signal?.addEventListener('abort', () => stream.cut(signal.reason), { once: true });
    return stream;
  }

  const tools = {
    echo: { annotations: { readOnlyHint: true }, run: (given) => text(given.text) },
    add: { annotations: { idempotentHint: true }, run: ({ a, b }) => text(a + b) },
    big: { annotations: { readOnlyHint: true }, run: ({ bytes }) => text('x'.repeat(bytes)) },
    increment: { run: () => text(counts.runs) },
    fail: { run: () => ({ ...text('file not found: session'), isError: true }) },
    slow: { run: runSlowly },
    notify: { run: notify },
    ask: { run: askForName },
  };

  async function runSlowly({ ms }, { token, send }) {
    const steps = Math.max(1, Math.min(10, Math.floor(ms / 20)));
    for (let step = 1; step <= steps; step += 1) {
      await wait(ms / steps);
      if (token === undefined) continue;
      const params = { progressToken: token, progress: step, total: steps };
      send({ jsonrpc: '2.0', method: 'notifications/progress', params });
    }
    return text(`took ${ms} ms`);
  }

  // Like the servers of the official SDK, it stores nothing for a client without a GET stream.
  function notify(_given, { session }) {
    const params = { level: 'error', logger: 'test', data: 'a log message' };
    session.listening?.send({ jsonrpc: '2.0', method: 'notifications/message', params });
    session.listening?.send({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
    return text('sent');
  }

  async function askForName(_given, { session }) {
    if (!session.capabilities.elicitation)
      throw Object.assign(new Error('Client does not support elicitation.'), { code: -32603 });
    serverRequests += 1;
    const id = `ask-${serverRequests}`;
    const answered = new Promise((resolve) => session.asked.set(id, resolve));
    const requestedSchema = { type: 'object', properties: { name: { type: 'string' } } };
    const params = { mode: 'form', message: 'What is your name?', requestedSchema };
    session.listening?.send({ jsonrpc: '2.0', id, method: 'elicitation/create', params });
    const { result, error } = await answered;
    if (error) throw error;
    return text(result.action === 'accept' ? `hello ${result.content.name}` : result.action);
  }

  function perform({ method, params = {} }, context) {
    switch (method) {
      case 'ping':
      case 'logging/setLevel':
      case 'resources/subscribe':
      case 'resources/unsubscribe':
        return {};
      case 'tools/list': {
        const inputSchema = { type: 'object' };
        return { tools: Object.entries(tools).map(([name, { annotations }]) => ({ name, annotations, inputSchema })) };
      }
      case 'tools/call': {
        const tool = Object.hasOwn(tools, params.name) ? tools[params.name] : undefined;
        if (!tool) throw Object.assign(new Error(`no such tool: ${params.name}`), { code: -32602 });
        counts.runs += 1;
        return tool.run(params.arguments ?? {}, { ...context, token: params._meta?.progressToken });
      }
      case 'resources/list':
        return { resources: [{ uri: 'test://counter', name: 'counter' }] };
      case 'resources/read':
        return { contents: [{ uri: params.uri, text: '0' }] };
      case 'prompts/list':
        return { prompts: [{ name: 'greeting' }] };
      case 'prompts/get': {
        const content = { type: 'text', text: `Say hello to ${params.arguments.name}.` };
        return { messages: [{ role: 'user', content }] };
      }
      default:
        throw Object.assign(new Error('Method not found'), { code: -32601 });
    }
  }

  async function outcome(message, context) {
    try {
      return { jsonrpc: '2.0', id: message.id, result: await perform(message, context) };
    } catch ({ code, message: words }) {
      return rpcError(message.id, code, words);
    }
  }

  const newSession = (capabilities) => ({ capabilities, streams: new Set(), asked: new Map(), listening: undefined });

  function initialize({ id, params }) {
    const result = {
      protocolVersion: params.protocolVersion,
      capabilities: { tools: { listChanged: true }, resources: { subscribe: true }, prompts: {}, logging: {} },
      serverInfo: { name: 'mcp-tether-test-server', version: '1.0.0' },
      instructions: 'A server for tests.',
    };
    counts.initialize += 1;
    if (mode === 'stateless') return json({ jsonrpc: '2.0', id, result });
    const session = crypto.randomUUID();
    sessions.set(session, newSession(params.capabilities));
    return json({ jsonrpc: '2.0', id, result }, 200, { 'mcp-session-id': session });
  }

  async function answerRequest(message, session, signal, fault) {
    if (mode === 'json') return json(await outcome(message, { session, send: () => {} }));
    const stream = openStream(signal);
    session.streams.add(stream);
    outcome(message, { session, send: stream.send }).then((answer) => {
      if (fault?.cut) stream.cut(new TypeError('terminated'));
      stream.send(answer);
      stream.close();
      session.streams.delete(stream);
    });
    return stream.response();
  }

  function misbehave({ refused, status, body = '', headers = {}, dated }) {
    if (refused)
      throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED', syscall: 'connect' } });
    // HTTP dates have whole seconds, so this one is at least `dated` milliseconds away.
    const date = dated && { 'retry-after': new Date(Math.ceil((Date.now() + dated) / 1000) * 1000).toUTCString() };
    return new Response(body, { status, headers: { ...headers, ...date } });
  }

  // Takes the next fault for this method, which applies once.
  function faultOf(method) {
    const index = faults.findIndex((fault) => fault.method === method);
    if (index < 0) return undefined;
    const fault = faults[index];
    fault.times = (fault.times ?? 1) - 1;
    if (fault.times === 0) faults.splice(index, 1);
    return fault;
  }

  function answerPost(message, sessionId, signal) {
    posts.push({ method: message.method, at: performance.now() });
    const fault = faultOf(message.method);
    if (fault && !fault.cut) return misbehave(fault);
    if (message.method === 'initialize') return initialize(message);
    let session = sessions.get(sessionId);
    if (mode === 'stateless') session = newSession({});
    else if (sessionId === null) return json(rpcError(null, -32000, 'Bad Request: Server not initialized'), 400);
    if (!session) return json(rpcError(null, -32001, 'Session not found'), 404);
    if (message.method && message.id !== undefined) return answerRequest(message, session, signal, fault);
    session.asked.get(message.id)?.(message);
    return new Response(null, { status: 202 });
  }

  function end(id) {
    const session = sessions.get(id);
    sessions.delete(id);
    session?.listening?.close();
    for (const stream of session?.streams ?? []) stream.close();
  }

  async function answer(init) {
    init.signal?.throwIfAborted();
    const sessionId = new Headers(init.headers).get('mcp-session-id');
    counts[init.method.toLowerCase()] += 1;
    if (init.method === 'POST') return answerPost(JSON.parse(init.body), sessionId, init.signal);
    const session = sessions.get(sessionId);
    if (mode === 'stateless') return json(rpcError(null, -32000, 'Method not allowed.'), 405);
    if (!session) return json(rpcError(null, -32001, 'Session not found'), 404);
    if (init.method === 'DELETE') {
      end(sessionId);
      return new Response(null, { status: 200 });
    }
    session.listening?.close();
    session.listening = openStream(init.signal);
    return session.listening.response();
  }

  return {
    fetch: (_url, init) => answer(init),
    // Simulates the restart of a server that keeps its sessions in memory.
    forget: () => [...sessions.keys()].forEach(end),
    fault: (fault) => faults.push(fault),
    count: (name) => counts[name],
    // The arrival times of a method's POSTs, in milliseconds.
    arrivals: (method) => posts.filter((post) => post.method === method).map(({ at }) => at),
  };
};
