// Answers written by a tool itself that resemble something else: a lost session, another revision, a server out of
// reach. Each call runs once, its answer is delivered once, and nothing else changes. The server counts.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startFaultServer } from '../js/servers/fault-server.mjs';
import { dispatch as modernDispatch } from '../js/servers/modern-faults/healthy.mjs';
import { sendJson } from '../js/servers/shared/messages.mjs';
import { initializeParams, messageOf, sender } from './http.mjs';
import { page, startStack } from './stack.mjs';

const TURNS = 4; // more failures than open the breaker
const html = (status) => `<html><body><h1>${status}</h1></body></html>`;

/** A tool that has run and answers the request with a JSON-RPC error. */
const error = (status, code, message, data) => (exchange) => {
  exchange.execute();
  sendJson(exchange.response, status, { jsonrpc: '2.0', id: exchange.message.id, error: { code, message, data } });
};
/** A tool that has run in a framework that answers with a body of its own. */
const body =
  (status, text, type = 'text/plain') =>
  (exchange) => {
    exchange.execute();
    exchange.say(status, text, { type });
  };

// In a session: the tool's answer, and the error that the client gets.
const answered = {
  '404-error': {
    answer: error(404, -32000, 'customer not found'),
    expected: { code: -32000, message: 'customer not found' },
  },
  '404-session-code': {
    answer: error(404, -32001, 'Order 12 does not exist'),
    expected: { code: -32001, message: 'Order 12 does not exist' },
  },
  '404-own-session': {
    answer: error(404, -32004, 'Checkout session not found'),
    expected: { code: -32004, message: 'Checkout session not found' },
  },
  '410-error': {
    answer: error(410, 4711, 'this file was deleted', { file: 'a' }),
    expected: { code: 4711, message: 'this file was deleted', data: { file: 'a' } },
  },
  '400-error': {
    answer: error(400, -32602, 'unknown session type'),
    expected: { code: -32602, message: 'unknown session type' },
  },
  '409-error': {
    answer: error(409, -32009, 'the row was changed'),
    expected: { code: -32009, message: 'the row was changed' },
  },
  '500-error': { answer: error(500, -32603, 'Internal error'), expected: { code: -32603, message: 'Internal error' } },
  '502-error': {
    answer: error(502, -32000, 'the bank is away'),
    expected: { code: -32000, message: 'the bank is away' },
  },
  '504-error': {
    answer: error(504, -32000, 'the bank is slow'),
    expected: { code: -32000, message: 'the bank is slow' },
  },
  '200-like-our-breaker': {
    answer: error(200, 1000, 'open', { code: 'circuit_open', retryAfterMs: 300_000 }),
    expected: { code: 1000, message: 'open', data: { code: 'circuit_open', retryAfterMs: 300_000 } },
  },
  '200-like-our-network': {
    answer: error(200, 1000, 'away', { code: 'network_error', retryable: true }),
    expected: { code: 1000, message: 'away', data: { code: 'network_error', retryable: true } },
  },
  '404-text': { answer: body(404, 'Not Found: customer 7'), expected: 'http_error' },
  '404-html': { answer: body(404, html(404), 'text/html'), expected: 'http_error' },
  '404-json': { answer: body(404, '{"detail":"Item not found"}', 'application/json'), expected: 'http_error' },
  '410-text': { answer: body(410, 'Gone'), expected: 'http_error' },
  '422-json': {
    answer: body(422, '{"detail":[{"msg":"field required"}]}', 'application/json'),
    expected: 'http_error',
  },
  '500-text': { answer: body(500, 'Internal Server Error'), expected: 'outcome_unknown' },
  '502-html': { answer: body(502, html(502), 'text/html'), expected: 'outcome_unknown' },
  '504-html': { answer: body(504, html(504), 'text/html'), expected: 'outcome_unknown' },
};

// The answer to `initialize`, and the gateway's refusal of the client.
const refusals = {
  '400-text': { answer: (exchange) => exchange.say(400, 'no'), status: 502 },
  '404-html': { answer: (exchange) => exchange.say(404, html(404), { type: 'text/html' }), status: 502 },
  '500-text': { answer: (exchange) => exchange.say(500, 'Internal Server Error'), status: 502 },
  '403-error': { answer: (exchange) => exchange.refuse(403, -32000, 'Forbidden'), status: 502 },
  '200-like-our-network': {
    answer: ({ response, message: { id } }) =>
      sendJson(response, 200, {
        jsonrpc: '2.0',
        id,
        error: { code: 1000, message: 'away', data: { code: 'network_error' } },
      }),
    status: 200,
  },
};

const faults = {
  ...Object.fromEntries(Object.entries(answered).map(([name, { answer }]) => [name, { call: answer }])),
  ...Object.fromEntries(
    Object.entries(refusals).map(([name, { answer }]) => [`initialize-${name}`, { initialize: answer }]),
  ),
};

describe('answers written by the tool itself, in a session', () => {
  let server;
  let stack;
  before(async () => {
    server = await startFaultServer({ faults });
    const servers = Object.fromEntries(
      Object.keys(faults).map((name) => [
        name,
        { url: server.url(`/${name}`), sessionConfig: { retryDelay: 10, retryAttempts: 2 } },
      ]),
    );
    stack = await startStack({ server: false, servers, vars: { RATE_PER_MINUTE: 0 } });
  });
  after(async () => {
    await stack?.stop();
    await server.close();
  });

  for (const [name, { expected }] of Object.entries(answered)) {
    test(`${name}: runs once, is delivered once, and the session and the server stay in use`, async () => {
      const ada = sender(`${stack.origin}/${name}/mcp`);
      const session = await ada.open();
      for (let turn = 0; turn < TURNS; turn += 1) {
        const response = await ada.call(session, 'unsafe', { key: `turn ${turn}` }, { id: turn });
        const message = await messageOf(response);
        assert.equal(message.id, turn);
        if (typeof expected === 'string')
          assert.deepEqual([message.error.code, message.error.data.code], [1000, expected]);
        else assert.deepEqual(message.error, expected);
      }
      const next = await ada.send('POST', { body: ada.rpc('initialize', initializeParams) });
      assert.equal(next.status, 200, 'the breaker counted none of these');
      const { executions, initialize, deleted } = server.counts(`/${name}`);
      assert.deepEqual(executions, Object.fromEntries(Array.from({ length: TURNS }, (_, turn) => [`turn ${turn}`, 1])));
      assert.deepEqual(
        { initialize, deleted },
        { initialize: 2, deleted: [] },
        'one handshake for each session, and both are kept',
      );
    });
  }

  for (const [name, { status }] of Object.entries(refusals)) {
    test(`initialize answered with ${name}: each attempt reaches the server`, async () => {
      const ada = sender(`${stack.origin}/initialize-${name}/mcp`);
      for (let turn = 0; turn <= TURNS; turn += 1) {
        const response = await ada.send('POST', { body: ada.rpc('initialize', initializeParams) });
        assert.equal(response.status, status);
        assert.ok((await response.json()).error);
      }
      assert.ok(server.counts(`/initialize-${name}`).initialize > TURNS);
    });
  }
});

const VERSION = '2026-07-28';
const LATE = 2_300; // milliseconds: more than the gateway waits before it begins a stream
const SECRET = 'a-secret-of-the-gateway';
const late = (answer) => async (exchange) => void ((await exchange.pause(LATE)) && answer(exchange));

// A request without a session: the tool's answer; the client's status, and the contents of the body.
const modern = {
  '404-error': { answer: error(404, -32000, 'customer not found'), status: 404, code: -32000 },
  '400-error': { answer: error(400, -32000, 'Unsupported protocol version of the bank'), status: 400, code: -32000 },
  '405-error': { answer: error(405, 4711, 'this table is read-only'), status: 405, code: 4711 },
  '410-error': { answer: error(410, -32001, 'deleted'), status: 410, code: -32001 },
  '500-error': { answer: error(500, -32603, 'Internal error'), status: 500, code: -32603 },
  '404-text': { answer: body(404, 'Not Found: customer 7'), status: 404, text: 'Not Found: customer 7' },
  '400-html': { answer: body(400, html(400), 'text/html'), status: 400, text: html(400) },
  '406-text': { answer: body(406, 'no such format'), status: 406, text: 'no such format' },
  // With the original status, the client would fetch a token.
  '401-error': { answer: error(401, -32000, 'the bank wants a login'), status: 200, code: -32000 },
  '403-error': { answer: error(403, -32003, 'ada may not read this'), status: 200, code: -32003 },
  '403-text': { answer: body(403, 'Forbidden'), status: 502, code: -32000 },
  '403-echo': { answer: error(403, -32003, `not allowed: Bearer ${SECRET}`), status: 502, code: -32000 },
  '400-header-mismatch': { answer: error(400, -32020, 'the header of the file is wrong'), status: 400, code: -32020 },
  'late-404-error': { answer: late(error(404, -32000, 'customer not found')), status: 200, code: -32000 },
  // It may have run.
  'late-504-html': { answer: late(body(504, html(504), 'text/html')), status: 200, code: 1000, text: '504' },
  'late-404-text': { answer: late(body(404, 'Not Found')), status: 200, code: -32000, text: '404' },
};

describe('answers written by the tool itself, on 2026-07-28', { concurrency: 4 }, () => {
  let server;
  let stack;
  before(async () => {
    server = await startFaultServer({
      dispatch: modernDispatch,
      faults: Object.fromEntries(
        Object.entries(modern).map(([name, { answer }]) => [
          name,
          { 'tools/call': async (exchange) => void (await answer(exchange)) },
        ]),
      ),
    });
    const servers = Object.fromEntries(
      Object.keys(modern).map((name) => [
        name,
        { url: server.url(`/${name}`), headers: { 'X-Key': `Bearer ${SECRET}` } },
      ]),
    );
    stack = await startStack({ server: false, servers });
  });
  after(async () => {
    await stack?.stop();
    await server.close();
  });

  const meta = { 'io.modelcontextprotocol/protocolVersion': VERSION, 'io.modelcontextprotocol/clientCapabilities': {} };
  const call = (name, key, origin) =>
    fetch(`${stack.origin}/${name}/mcp`, {
      method: 'POST',
      headers: {
        Authorization: 'Bearer token-of-ada',
        'Content-Type': 'application/json',
        Accept: 'application/json, text/event-stream',
        'MCP-Protocol-Version': VERSION,
        'Mcp-Method': 'tools/call',
        'Mcp-Name': 'unsafe',
        ...origin,
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: key,
        method: 'tools/call',
        params: { name: 'unsafe', arguments: { key }, _meta: meta },
      }),
    });

  for (const [name, { status, code, text }] of Object.entries(modern)) {
    test(`${name}: runs once, and its status and words are delivered, to a page too`, async () => {
      for (const [key, origin] of Object.entries({ client: {}, page: { Origin: page } })) {
        const response = await call(name, key, origin);
        assert.equal(response.status, status);
        const words = await response.text();
        assert.ok(!words.includes(SECRET));
        if (text !== undefined) assert.ok(words.includes(text), words);
        if (code !== undefined) expectError(words, code, status === 502 ? null : key);
      }
      const { executions, rpc } = server.counts(`/${name}`);
      assert.deepEqual(executions, { client: 1, page: 1 });
      assert.ok((rpc['server/discover'] ?? 0) <= 2 && rpc.initialize === undefined);
    });
  }
});

function expectError(words, code, id) {
  const message = JSON.parse(words.startsWith('{') ? words : words.match(/^data: (.*)$/m)[1]);
  assert.deepEqual([message.error.code, message.id], [code, id]);
}
