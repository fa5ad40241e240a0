// What the gateway need not understand reaches the other side as it was written, in both directions and in all revisions.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { initializeParams, sender } from './http.mjs';
import { startRawServer } from './servers/raw-server.mjs';
import { startStack, until } from './stack.mjs';

// JavaScript's own JSON would write each of them differently.
const kinds = {
  'an integer beyond 2^53': '1234567890123456789',
  'a number beyond all doubles': '1e400',
  'a float without fraction': '1.0',
  'a negative zero': '-0',
  'an exponent': '1E+2',
  'many digits': '0.1000000000000000055511151231257827',
  'keys that repeat': '{"a":1,"a":2}',
  'keys that are numbers': '{"b":1,"2":2,"1":3}',
  escapes: '"\\u0041\\/"',
  spaces: '{ "a" : [ 1 , 2 ] }',
};
const everything = `{${Object.entries(kinds)
  .map(([name, text]) => `"${name}":${text}`)
  .join(',')}}`;
const ids = ['7', '9007199254740993', '1.0', '-0', '1e2', '"\\u0061"', '"1"', '"id"'];
const BIG = '9007199254740993';

const call = (id, name, more = '') =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${name}","arguments":${everything}${more}}}`;
const result = (id, text) => `{"jsonrpc":"2.0","id":${id},"result":${text}}`;
const error = (id) => `{"jsonrpc":"2.0","id":${id},"error":{"code":-32000,"message":"no","data":${everything}}}`;
const log = `{"jsonrpc":"2.0","method":"notifications/message","params":${everything}}`;
const progress = (token) =>
  `{"jsonrpc":"2.0","method":"notifications/progress","params":{"total":1e400,"progressToken":${token},"progress":1.0,"message":"\\u0041"}}`;
const ask = `{"method":"elicitation/create","jsonrpc":"2.0","id":${BIG},"params":${everything}}`;
const list = `{"tools":[{"name":"echo","inputSchema":{"type":"object","maximum":1E+2}}],"ttlMs":60000,"cacheScope":"public","scale":1.0}`;
const plainMeta =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"x":{"scale":1.0}}}';
const fullMeta = plainMeta.replace(/}$/, ',"scale":1.0}'); // with a member that makes a request unfit for the cache
const tokenIn = (text) => /"progressToken":([^,}]+)/.exec(text)[1];

const answers = {
  result: (id) => [result(id, everything)],
  lines: (id) => [`{"jsonrpc":"2.0","id":${id},\n"result":{\n"scale": 1.0\n}}`],
  error: (id) => [error(id)],
  log: (id) => [log, result(id, '{}')],
  progress: (id, text) => [progress(tokenIn(text)), result(id, '{}')],
  ask: () => [ask],
  pair: (id, text) => [result(id, `{"of":"${/"key":"(\w+)"/.exec(text)[1]}"}`)],
  silent: () => [log],
  'tools/list': (id) => [result(id, list)],
};

describe('numbers, keys and ids', { timeout: 180_000 }, () => {
  let server;
  let stack;
  before(async () => {
    server = await startRawServer(answers);
    const at = (path) => ({ url: `${server.origin}${path}` });
    stack = await startStack({
      server: false,
      servers: { json: at('/json'), sse: at('/sse'), whole: at('/whole'), late: at('/json/late') },
    });
  });
  after(async () => {
    await stack?.stop();
    await server.close();
  });

  for (const way of ['json', 'sse', 'whole']) {
    for (const version of ['2025-03-26', '2025-11-25']) {
      describe(`${version}, a server that answers with ${way}`, () => {
        let client;
        let session;
        const post = async (body) => {
          server.received.length = 0;
          return textOf(await client.send('POST', { headers: { 'Mcp-Session-Id': session }, body }));
        };
        before(async () => {
          client = sender(`${stack.origin}/${way}/mcp`);
          session = await client.open({ ...initializeParams, protocolVersion: version });
        });

        test('the handshake, but for the members that the gateway decides about', async () => {
          const capabilities = `{"experimental":{"x":${everything}}}`;
          const more = `"_meta":${everything},"more":${everything}`;
          const clientInfo = '{"name":"\\u0041","version":"1"}';
          const hello = (params) => `{"jsonrpc":"2.0","id":${BIG},"method":"initialize","params":{${params}}}`;
          const params = `${more},"protocolVersion":"${version}","clientInfo":${clientInfo},"capabilities":${capabilities}`;
          const answer = await textOf(await client.send('POST', { body: hello(params) }));
          assert.match(answer, new RegExp(`"id":${BIG}`));
          assert.match(answer, /"experimental":\{"scale":1\.0\}/);
          const sent = server.greetings.at(-1);
          for (const part of [more, `"capabilities":${capabilities}`, `"protocolVersion":"${version}"`])
            assert.ok(sent.includes(part), `${part} in ${sent}`);
          const count = server.greetings.length;
          const twice = await client.send('POST', { body: hello(`${params},"capabilities":{}`) });
          assert.deepEqual([twice.status, (await twice.text()).includes(`"id":${BIG}`)], [400, true]);
          assert.equal(server.greetings.length, count, 'params with two equal members are not sent');
        });

        test('the params of a request, and its result', async () => {
          for (const id of ids) {
            assert.equal(await post(call(id, 'result')), result(id, everything));
            const [sent] = server.received;
            assert.equal(sent.replace(/"id":\d+/, `"id":${id}`), call(id, 'result'));
          }
        });

        test('the data of an error', async () => {
          for (const id of ids) assert.equal(await post(call(id, 'error')), error(id));
        });

        test('a text of several lines', async () => {
          assert.equal(await post(call('7', 'lines')), result('7', '{\n"scale": 1.0\n}'));
        });

        test('notifications in both directions', async () => {
          assert.deepEqual((await post(call('7', 'log'))).split('\0'), [log, result('7', '{}')]);
          await post(log);
          await until(() => server.received.length > 0, 'the notification at the server');
          assert.deepEqual(server.received, [log]);
        });

        test('progress, with the token of the client', async () => {
          for (const token of ids) {
            const more = `,"_meta":{"scale":1.0,"progressToken":${token},"next":-0}`;
            assert.deepEqual((await post(call('7', 'progress', more))).split('\0'), [
              progress(token),
              result('7', '{}'),
            ]);
            const [sent] = server.received;
            const changed = sent
              .replace(/"id":\d+/, '"id":7')
              .replace(/"progressToken":\d+/, `"progressToken":${token}`);
            assert.equal(changed, call('7', 'progress', more));
          }
        });

        test('a request of the server, and its answers', async () => {
          for (const answer of [
            `"result":${everything}`,
            `"error":{"code":-32000,"message":"no","data":${everything}}`,
          ]) {
            const response = await client.send('POST', {
              headers: { 'Mcp-Session-Id': session },
              body: call('7', 'ask'),
            });
            const messages = messagesOf(response);
            const { value: asked } = await messages.next();
            const id = /"id":("[^"]+")/.exec(asked)[1];
            assert.equal(asked.replace(id, BIG), ask);
            await post(`{"jsonrpc":"2.0","id":${id},${answer}}`);
            assert.equal((await messages.next()).value, result('7', '{}'));
            assert.deepEqual(server.received, [`{"jsonrpc":"2.0","id":${BIG},${answer}}`]);
          }
        });

        test('two requests with one id at once are answered on their own POSTs', async () => {
          const pair = (key) =>
            `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pair","arguments":{"key":"${key}"}}}`;
          const found = await Promise.all(['first', 'second'].map((key) => post(pair(key))));
          assert.deepEqual(found, [result('1', '{"of":"first"}'), result('1', '{"of":"second"}')]);
        });

        test('a cancelled request is found by its id as it was written', async () => {
          for (const id of [BIG, '"\\u0061"']) {
            const response = await client.send('POST', {
              headers: { 'Mcp-Session-Id': session },
              body: call(id, 'silent', ',"wait":1'),
            });
            await post(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9007199254740992}}`);
            await post(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id}}}`);
            assert.match(await textOf(response), new RegExp(`"id":${id.replace('\\', '\\\\')},"error":{"code":1000`));
          }
        });

        if (version === '2025-03-26')
          test('a batch', async () => {
            const batch = `[${ids.map((id) => call(id, 'result'))},${log}]`;
            const found = await post(batch);
            for (const id of ids) assert.ok(found.includes(result(id, everything)), id);
            await until(() => server.received.length === ids.length + 1, 'all messages at the server');
            assert.ok(server.received.includes(log));
          });

        test('a key that occurs twice in the envelope is refused', async () => {
          const response = await client.send('POST', {
            headers: { 'Mcp-Session-Id': session },
            body: '{"jsonrpc":"2.0","id":1,"method":"ping","id":2}',
          });
          assert.deepEqual([response.status, (await response.json()).error.code], [400, -32700]);
        });
      });
    }
  }

  for (const way of ['json', 'sse', 'late']) {
    test(`2026-07-28, a server that answers with ${way}`, async () => {
      const client = sender(`${stack.origin}/${way}/mcp`);
      const post = async (id, method, params, meta = fullMeta) => {
        server.received.length = 0;
        const name = method === 'tools/call' && { 'Mcp-Name': /"name":"(\w+)"/.exec(params)[1] };
        const body = `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{${params}${meta}}}`;
        const headers = { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': method, ...name };
        const found = await textOf(await client.send('POST', { headers, body }));
        return { found: found.split('\0'), isSent: server.received[0] === body };
      };
      for (const id of ids) {
        const echoed = await post(id, 'tools/call', `"name":"result","arguments":${everything},`);
        assert.deepEqual(echoed, { found: [result(id, everything)], isSent: true });
        if (way === 'late') return; // once is enough: it takes seconds
        const failed = await post(id, 'tools/call', '"name":"error",');
        assert.deepEqual(failed, { found: [error(id)], isSent: true });
        const listed = await post(id, 'tools/list', '');
        assert.deepEqual(listed, { found: [result(id, list)], isSent: true });
        // From the cache, which counts ttlMs down.
        const shared = await post(id, 'tools/list', '', plainMeta);
        assert.equal(shared.found[0].replace(/"ttlMs":\d+/, '"ttlMs":60000'), result(id, list));
      }
      const logged = await post('7', 'tools/call', '"name":"log",');
      assert.deepEqual(logged, { found: [log, result('7', '{}')], isSent: true });
    });
  }
});

// The messages of a response, as they were written.
async function* messagesOf(response) {
  const isStream = response.headers.get('content-type')?.includes('event-stream');
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (!isStream) continue;
    const blocks = text.split('\n\n');
    text = blocks.pop();
    for (const block of blocks) {
      const data = block.split('\n').filter((line) => line.startsWith('data: '));
      const joined = data.map((line) => line.slice('data: '.length)).join('\n');
      if (joined === '') continue;
      // Clients exist that ignore events without a type.
      assert.match(block, /^event: message\n/);
      yield joined;
    }
  }
  if (!isStream) yield text;
}

async function textOf(response) {
  const messages = [];
  for await (const message of messagesOf(response)) messages.push(message);
  return messages.join('\0');
}
