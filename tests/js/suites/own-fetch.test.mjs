// A `fetch` whose responses are not those of the platform: streams of Node, no streams, plain objects, and what is no response.
import assert from 'node:assert/strict';
import { request as sendByNode } from 'node:http';
import { Readable } from 'node:stream';
import { after, afterEach, before, describe, test } from 'node:test';
import { McpManager } from '../../../pkg/node.js';
import { openPage } from '../helpers/browsers/chromium.mjs';
import { until } from '../helpers/until.mjs';
import { startScriptedServer } from '../servers/scripted-server.mjs';
import { sendJson } from '../servers/shared/messages.mjs';

const quick = { protocolVersion: 'legacy', sessionConfig: { retryDelay: 1, retryAttempts: 2 } };
const progress = (message) => ({
  jsonrpc: '2.0',
  method: 'notifications/progress',
  params: { progressToken: message.params._meta.progressToken, progress: 1 },
});
const event = (message) => `event: message\ndata: ${JSON.stringify(message)}\n\n`;

/** As node-fetch: the body is a stream of Node, which emits an error at an abort, whether it is read or not. */
function fetchOfNode(url, { method, headers, body, signal }) {
  return new Promise((resolve, reject) => {
    const request = sendByNode(url, { method, headers }, (incoming) => {
      const { statusCode: status, headers: received } = incoming;
      const abort = () => {
        incoming.emit('error', new DOMException('The operation was aborted.', 'AbortError'));
        request.destroy();
      };
      signal.addEventListener('abort', abort);
      incoming.on('end', () => signal.removeEventListener('abort', abort));
      resolve({ status, headers: new Headers(received), body: incoming });
    });
    request.on('error', reject);
    signal.addEventListener('abort', () => request.destroy(signal.reason));
    request.end(body);
  });
}

/** A `fetch` that returns some members of the platform's response. */
const returning = (membersOf) => async (url, init) => {
  const response = await fetch(url, init);
  return { status: response.status, headers: response.headers, ...membersOf(response) };
};

const kinds = [
  { what: 'a stream of Node, as of node-fetch', fetch: fetchOfNode, streams: true },
  {
    what: 'a stream of Node with strings',
    fetch: async (...request) => {
      const response = await fetchOfNode(...request);
      response.body.setEncoding('utf8');
      return response;
    },
    streams: true,
    text: true,
  },
  { what: 'no body, as of XMLHttpRequest', fetch: returning((response) => ({ text: () => response.text() })) },
  { what: 'the body null', fetch: returning((response) => ({ body: null, text: () => response.text() })) },
  {
    what: 'a Map and json(), as in tests',
    fetch: returning((response) => ({ headers: new Map(response.headers), json: () => response.json() })),
    json: true,
  },
];

let manager;
afterEach(() => manager?.close());

function managerOf(url, own, options) {
  manager = new McpManager({ mcpServers: { s: { url, ...quick } } }, { log: false, fetch: own, ...options });
  return manager;
}

describe('a response with', () => {
  let server;
  let loses = false;
  let release; // sends the result of the tool `streamed`
  let listening; // the GET stream
  before(async () => {
    server = await startScriptedServer(({ request, response, message }) => {
      if (request.method === 'GET') {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
        listening = response;
        return true;
      }
      if (message?.method !== 'tools/call') return false;
      const { id } = message;
      if (loses) {
        loses = false;
        sendJson(response, 404, { jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } });
        return true;
      }
      if (message.params.name === 'bad') {
        sendJson(response, 400, { jsonrpc: '2.0', id, error: { code: -32602, message: 'wrong arguments' } });
        return true;
      }
      if (message.params.name === 'silent') return true;
      if (message.params.name !== 'streamed') return false;
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(event(progress(message)));
      release = () =>
        response.end(event({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'straße ☃' }] } }));
      return true;
    });
  });
  after(() => server.close());

  for (const { what, fetch: own, streams, json } of kinds) {
    test(what, async () => {
      const session = await managerOf(server.url, own).connect('ada', 's');
      const textOf = async (name, options) => (await session.callTool({ name }, options)).content[0].text;
      assert.equal(session.kind, 'stateful');
      assert.equal(await textOf('write'), 'write ran');
      await assert.rejects(session.callTool({ name: 'bad' }), { code: 'rpc_error', rpcCode: -32602 });

      if (!json) {
        let count = 0;
        release = undefined;
        const streamed = textOf('streamed', { onprogress: () => (count += 1) });
        await until(() => release && (count > 0 || !streams), 'progress before the result, where there are streams');
        release();
        assert.equal(await streamed, 'straße ☃');
        assert.equal(count, 1);
      }

      if (streams) {
        let count = 0;
        session.onnotification = () => (count += 1);
        await until(() => listening, 'a GET stream');
        listening.write(event({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 1 } }));
        await until(() => count > 0, 'a notification on it');
      }

      const controller = new AbortController();
      const sent = server.count('tools/call');
      const cancelled = session.callTool({ name: 'silent' }, { signal: controller.signal });
      await until(() => server.count('tools/call') > sent, 'the call at the server');
      controller.abort();
      await assert.rejects(cancelled, { code: 'cancelled' });

      loses = true;
      const handshakes = server.count('initialize');
      const before = server.count('tools/call');
      assert.equal(await textOf('write'), 'write ran');
      assert.equal(server.count('initialize') - handshakes, 1);
      assert.equal(server.count('tools/call') - before, 2);
      await session.terminate();
    });
  }
});

for (const { what, fetch: own } of kinds.filter(({ json, text }) => !json && !text)) {
  test(`the diagnosis reads a response with ${what}`, async () => {
    const server = await startScriptedServer();
    try {
      const { steps } = await managerOf(server.url, own).diagnose('s');
      for (const name of ['reachable', 'initialize', 'sessionHeader', 'reuse'])
        assert.ok(steps.find((step) => step.name === name)?.ok, JSON.stringify(steps));
    } finally {
      await manager.close();
      await server.close();
    }
  });
}

describe('without a readable response, a call fails at once with the cause:', () => {
  let server;
  before(async () => {
    server = await startScriptedServer();
  });
  after(() => server.close());

  const used = async (url, init) => {
    const response = await fetch(url, init);
    await response.text();
    return response;
  };
  const strings = async (url, init) => {
    const response = await fetch(url, init);
    const body = ReadableStream.from([await response.text()]);
    return new Response(body, { headers: { 'Content-Type': 'application/json' } });
  };
  for (const [what, own] of [
    ['undefined', async () => undefined],
    ['null', () => null],
    ['a string', async () => 'hello'],
    ['an empty object', async () => ({})],
    ['a status alone', async () => ({ status: 200 })],
    ['headers without get()', async () => ({ status: 200, headers: {} })],
    ['a body that was read', used],
    ['a web stream of strings', strings],
  ]) {
    test(what, async () => {
      let tries = 0;
      const session = await managerOf(server.url, (url, init) => {
        if (!init.body?.includes('"tools/call"')) return fetch(url, init);
        tries += 1;
        return own(url, init);
      }).connect('ada', 's');
      for (const name of ['read', 'write']) {
        tries = 0;
        const error = await session.callTool({ name }).catch((reason) => reason);
        assert.equal(error.code, 'network_error', error.message);
        assert.equal(error.retryable, false);
        assert.match(error.message, /options\.fetch/);
        assert.ok(error.cause instanceof TypeError, String(error.cause));
        assert.equal(tries, 1);
      }
    });
  }
});

test('a stream of Node that is not read emits no error that ends the process', async () => {
  const server = await startScriptedServer(({ message, response }) => {
    if (message?.method !== 'notifications/initialized') return false;
    response.writeHead(202);
    response.write('accepted');
    return true;
  });
  const bodies = [];
  try {
    const session = await managerOf(server.url, async (url, init) => {
      const response = await fetchOfNode(url, init);
      if (init.body?.includes('"notifications/initialized"')) bodies.push(response.body);
      return response;
    }).connect('ada', 's');
    assert.equal(bodies.length, 1);
    await until(() => bodies[0].destroyed, 'the stream is destroyed');
    // node-fetch 2 does that if another request of the same signal is aborted.
    bodies[0].emit('error', new Error('The user aborted a request.'));
    assert.ok((await session.callTool({ name: 'read' })).content);
  } finally {
    await manager.close();
    await server.close();
  }
});

test('a stream of Node that breaks: the outcome of an unsafe tool is unknown, with the cause', async () => {
  const server = await startScriptedServer();
  const broken = new Error('aborted');
  try {
    const session = await managerOf(server.url, async (url, init) => {
      const response = await fetchOfNode(url, init);
      if (!init.body?.includes('"tools/call"')) return response;
      response.body.resume();
      const body = Readable.from(
        (async function* () {
          yield Buffer.from('{"jsonrpc"');
          throw broken;
        })(),
      );
      return { ...response, body };
    }).connect('ada', 's');
    const ran = server.count('tools/call');
    await assert.rejects(
      session.callTool({ name: 'write' }),
      ({ code, cause }) => code === 'outcome_unknown' && cause === broken,
    );
    assert.equal(server.count('tools/call') - ran, 1);
  } finally {
    await manager.close();
    await server.close();
  }
});

/** Answers the tool `streamed` with progress and a result. */
function streams({ message, response }) {
  if (message?.params?.name !== 'streamed') return false;
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.write(event(progress(message)));
  response.end(event({ jsonrpc: '2.0', id: message.id, result: { content: [{ type: 'text', text: 'done' }] } }));
  return true;
}

test('in a page: fetch by XMLHttpRequest, as of the polyfill whatwg-fetch', async () => {
  const server = await startScriptedServer(streams);
  const browser = await openPage();
  try {
    const texts = await browser.page.evaluate(async (url) => {
      const byXhr = (address, { method, headers, body, signal }) =>
        new Promise((resolve, reject) => {
          const request = new XMLHttpRequest();
          request.open(method, address);
          for (const name in headers) request.setRequestHeader(name, headers[name]);
          request.onerror = () => reject(new TypeError('Network request failed'));
          request.onload = () => {
            const get = (name) => request.getResponseHeader(name);
            resolve({ status: request.status, headers: { get }, text: async () => request.responseText });
          };
          signal.addEventListener('abort', () => request.abort());
          request.send(body);
        });
      const { default: init, McpManager: Manager } = await import('/pkg/browser.js');
      await init();
      const config = { mcpServers: { s: { url, protocolVersion: 'legacy' } } };
      const manager = new Manager(config, { log: false, fetch: byXhr });
      const session = await manager.connect('ada', 's');
      let count = 0;
      const called = [
        await session.callTool({ name: 'write' }),
        await session.callTool({ name: 'streamed' }, { onprogress: () => (count += 1) }),
      ];
      await manager.close();
      return [...called.map(({ content }) => content[0].text), count];
    }, server.url);
    assert.deepEqual(texts, ['write ran', 'done', 1]);
  } finally {
    await browser.close();
    await server.close();
  }
});

test('in a page: a service worker that reads each response to its end', async () => {
  const server = await startScriptedServer((asked) => asked.message?.params?.name === 'silent' || streams(asked));
  const browser = await openPage();
  try {
    const folder = new URL('tests/helpers/browsers/', browser.page.url());
    await browser.page.goto(`${folder}page.html`);
    const outcomes = await browser.page.evaluate(async (url) => {
      await navigator.serviceWorker.register('whole-responses-worker.js');
      if (!navigator.serviceWorker.controller)
        await new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve));
      const { default: init, McpManager: Manager } = await import('/pkg/browser.js');
      await init();
      const manager = new Manager({ mcpServers: { s: { url, protocolVersion: 'legacy' } } }, { log: false });
      const session = await manager.connect('ada', 's');
      let count = 0;
      const results = [
        await session.callTool({ name: 'write' }),
        await session.callTool({ name: 'streamed' }, { onprogress: () => (count += 1) }),
      ];
      const controller = new AbortController();
      const cancelled = session.callTool({ name: 'silent' }, { signal: controller.signal }).catch(({ code }) => code);
      controller.abort();
      const codes = [await cancelled];
      await manager.close();
      return [...results.map(({ content }) => content[0].text), count, ...codes];
    }, server.url);
    assert.deepEqual(outcomes, ['write ran', 'done', 1, 'cancelled']);
    assert.equal(server.count('initialize'), 1);
  } finally {
    await browser.close();
    await server.close();
  }
});
