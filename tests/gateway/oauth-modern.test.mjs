// Logins for clients of 2026-07-28: no session, so the result of a call asks for the login, and the next try waits for it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { startModernServer } from '../js/servers/modern-server.mjs';
import { listen } from '../js/servers/shared/listen.mjs';
import { parseJson, readText, sendJson } from '../js/servers/shared/messages.mjs';
import { textOf } from './clients.mjs';
import { Browser, failureOf, linkIn, startWorld, users } from './oauth-world.mjs';

const VERSION = '2026-07-28';
const needsToken = ({ method } = {}) => method === 'tools/call';

async function open(t, inner, options = {}) {
  const world = await startWorld({ inner, ...options, server: { needsToken, ...options.server } });
  t.after(() => world.stop());
  return world;
}

/** A client whose user opens each link, after the client has said so. */
async function connect(world, { token = users.ada, elicitation = { url: {} }, links = [] } = {}) {
  const client = new Client(
    { name: 'modern', version: '1' },
    { capabilities: { elicitation }, versionNegotiation: { mode: { pin: VERSION } } },
  );
  const logins = [];
  client.setRequestHandler('elicitation/create', ({ params }) => {
    links.push(params);
    logins.push(new Browser().logIn(params.url, token));
    return { action: 'accept' };
  });
  const headers = { Authorization: `Bearer ${token}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(world.url), { requestInit: { headers } }));
  return {
    echo: async (text) => textOf(await client.callTool({ name: 'echo', arguments: { text } })),
    list: () => client.listTools(),
    async end() {
      for (const { status, text } of await Promise.all(logins)) assert.equal(status, 200, text);
      await client.close();
    },
  };
}

describe('2026-07-28 before a server behind OAuth', () => {
  test('two users log in once each; a restart and an expired token need no login', async (t) => {
    const world = await open(t, await startModernServer({ legacy: 'reject' }));
    const links = [];
    for (const token of Object.values(users)) {
      const client = await connect(world, { token, links });
      assert.equal(await client.echo('first'), 'first');
      assert.equal(await client.echo('second'), 'second');
      await client.end();
    }
    assert.equal(links.length, 2);
    assert.ok(links.every(({ url }) => url.startsWith(`${world.origin}/oauth/start/`)));
    await world.stack.restartGateway();
    world.as.expireAll();
    const client = await connect(world, { links });
    assert.deepEqual(await Promise.all(['a', 'b', 'c'].map(client.echo)), ['a', 'b', 'c']);
    assert.deepEqual([links.length, world.as.count('authorize'), world.as.count('token', 'refresh_token')], [2, 2, 1]);
    await client.end();
  });

  test('a client that cannot open links, and a list, get the link in an error', async (t) => {
    const needsAlways = ({ method } = {}) => method !== 'server/discover';
    const world = await open(t, await startModernServer({ legacy: 'reject' }), { server: { needsToken: needsAlways } });
    const plain = await connect(world, { elicitation: { form: {} } });
    const link = linkIn((await failureOf(plain.echo('x'))).message);
    const able = await connect(world);
    assert.equal(linkIn((await failureOf(able.list())).message), link, 'the same login');
    assert.equal((await new Browser().logIn(link, users.ada)).status, 200);
    assert.equal(await plain.echo('x'), 'x');
    assert.ok((await able.list()).tools.length > 0);
    await Promise.all([plain.end(), able.end()]);
  });

  test('a login that never helps is asked for twice; the error holds no secret of the URL', async (t) => {
    const key = 'a-key-in-the-url';
    const options = { query: '?key=$' + '{NOTES_KEY}', vars: { NOTES_KEY: key } };
    const world = await open(t, await startModernServer({ legacy: 'reject' }), options);
    world.server.rules.accepts = () => false;
    const links = [];
    const client = await connect(world, { links });
    const messages = [];
    for (let turn = 0; turn < 12; turn += 1) messages.push((await failureOf(client.echo('x'))).message);
    assert.equal(links.length, 2);
    const said = messages.filter((message) => message.includes('refuses new tokens'));
    assert.ok(said.length > 0 && said[0].includes(`${world.server.url}?key=…`), messages.join('\n'));
    assert.ok(![...messages, ...world.stack.lines].join('\n').includes(key));
    await client.end();
  });

  test('the server gets the request as it was, without the answer to the gateway', async (t) => {
    const texts = [];
    const listening = await listen(async (request, response) => {
      const text = await readText(request);
      texts.push(text);
      sendJson(response, 200, {
        jsonrpc: '2.0',
        id: parseJson(text).id,
        result: { resultType: 'complete', content: [] },
      });
    });
    const world = await open(t, { url: `${listening.origin}/mcp`, close: listening.close });
    const meta = {
      'io.modelcontextprotocol/protocolVersion': VERSION,
      'io.modelcontextprotocol/clientCapabilities': { elicitation: { url: {} } },
    };
    const send = async (more) => {
      const text = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"sum","arguments":{"big":12345678901234567890,"one":1.0},"_meta":${JSON.stringify(meta)}${more}}}`;
      const headers = {
        Authorization: `Bearer ${users.ada}`,
        'Content-Type': 'application/json',
        Accept: 'application/json, text/event-stream',
        'MCP-Protocol-Version': VERSION,
        'Mcp-Method': 'tools/call',
        'Mcp-Name': 'sum',
      };
      return (await fetch(world.url, { method: 'POST', headers, body: text })).json();
    };
    const { result } = await send('');
    assert.equal(result.resultType, 'input_required');
    const [[key, { method, params }]] = Object.entries(result.inputRequests);
    assert.deepEqual([method, params.mode], ['elicitation/create', 'url']);
    const declined = await send(`,"inputResponses":{"${key}":{"action":"decline"}}`);
    assert.match(declined.error.message, /the client answered: decline/);
    await new Browser().logIn(params.url, users.ada);
    const answer = { [key]: { action: 'accept' }, other: { action: 'accept' } };
    assert.equal(
      (await send(`,"requestState":"s","inputResponses":${JSON.stringify(answer)}`)).result.resultType,
      'complete',
    );
    assert.equal(texts.length, 1);
    assert.match(texts[0], /"big":12345678901234567890,"one":1\.0[,}]/);
    assert.deepEqual(parseJson(texts[0]).params.inputResponses, { other: { action: 'accept' } });
    assert.equal(parseJson(texts[0]).params.requestState, 's');
  });
});
