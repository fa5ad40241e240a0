// Deviations of real servers, routers and gateways that the package accepts as every official SDK does: in Node, and in
// a page.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { openPage } from '../helpers/browsers/chromium.mjs';
import { resultOf, startOddServer } from '../servers/odd-server.mjs';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../../pkg/node.js', import.meta.url);
const { McpManager } = await import(packageEntry);

const slash = { '/mcp': { status: 307, to: '/mcp/' } };
const closers = [];
afterEach(() => Promise.all(closers.splice(0).map((close) => close())));

async function start(options) {
  const server = await startOddServer(options);
  closers.push(() => server.close());
  return server;
}

function managerOf(url, options = {}) {
  const lines = [];
  const server = {
    url,
    protocolVersion: 'legacy',
    headers: { Authorization: 'Bearer secret', 'X-Api-Key': 'secret' },
    sessionConfig: { retryDelay: 10 },
  };
  const manager = new McpManager(
    { mcpServers: { s: server } },
    { env: {}, log: (level, line) => lines.push(`${level} ${line}`), ...options },
  );
  closers.push(() => manager.close());
  return { manager, lines };
}

const textOf = async (session, text) => (await session.callTool({ name: 'echo', arguments: { text } })).content[0].text;

/** No header that only the configured server may get. */
function assertBare({ headers }) {
  for (const name of ['authorization', 'x-api-key', 'mcp-session-id', 'mcp-protocol-version', 'cookie'])
    assert.equal(headers[name], undefined, name);
}

describe('a redirect', () => {
  test('from /mcp to /mcp/ is followed in Node, remembered, and logged once', async () => {
    const server = await start({ path: '/mcp/', redirects: slash });
    const { manager, lines } = managerOf(server.url);
    const session = await manager.connect('ada', 's');
    assert.equal(await textOf(session, 'hello'), 'hello');
    assert.equal(await textOf(await manager.connect('bob', 's'), 'there'), 'there');
    assert.deepEqual(
      server.methods().filter((line) => line.endsWith(' /mcp')),
      ['initialize /mcp'],
    );
    assert.ok(
      server.seen.every(({ verb, headers }) => verb === 'GET' || headers['content-type'] === 'application/json'),
      'the method and the body are preserved',
    );
    assert.equal(
      lines.filter((line) => line.startsWith('warn [MCP][s] The server redirects; requests are now sent to')).length,
      1,
      lines.join('\n'),
    );
  });

  test('to another origin is not followed in Node', async () => {
    const stranger = await start({ path: '/mcp/' });
    for (const status of [301, 302, 307, 308]) {
      const server = await start({ path: '/mcp/', redirects: { '/mcp': { status, to: `${stranger.origin}/mcp/` } } });
      await assert.rejects(managerOf(server.url).manager.connect('ada', 's'), {
        code: 'http_error',
        message: /redirects/,
      });
      assert.deepEqual(server.methods(), ['initialize /mcp']);
    }
    assert.deepEqual(stranger.seen, []);
  });

  test('chain without an end is an error', async () => {
    const to = (path) => ({ status: 307, to: path });
    const server = await start({ path: '/end', redirects: { '/mcp': to('/a'), '/a': to('/b'), '/b': to('/mcp') } });
    await assert.rejects(managerOf(server.url).manager.connect('ada', 's'), {
      code: 'http_error',
      message: /redirects/,
    });
    assert.deepEqual(server.methods(), ['initialize /mcp', 'initialize /a', 'initialize /b']);
  });

  describe('in Chromium, which hides the target', () => {
    let browser;
    before(async () => {
      browser = await openPage();
      await browser.page.evaluate(async () => {
        const { default: init, McpManager: Manager } = await import('/pkg/browser.js');
        await init();
        // biome-ignore lint/suspicious/noDocumentCookie: not every Firefox and WebKit has the Cookie Store API.
        document.cookie = 'page=cookie';
        globalThis.connect = async (url, users) => {
          const lines = [];
          const server = {
            url,
            protocolVersion: 'legacy',
            headers: { Authorization: 'Bearer secret', 'X-Api-Key': 'secret' },
            sessionConfig: { retryDelay: 10 },
          };
          const manager = new Manager(
            { mcpServers: { s: server } },
            { log: (level, line) => lines.push(`${level} ${line}`) },
          );
          try {
            const texts = [];
            for (const user of users) {
              const session = await manager.connect(user, 's');
              texts.push((await session.callTool({ name: 'echo', arguments: { text: user } })).content[0].text);
            }
            return { texts, lines };
          } catch (error) {
            return { code: error.code, message: error.message };
          } finally {
            await manager.close();
          }
        };
      });
    });
    after(() => browser?.close());
    const connect = (url, users = ['ada']) =>
      browser.page.evaluate(([at, who]) => globalThis.connect(at, who), [url, users]);

    for (const status of [307, 308]) {
      test(`${status}: one GET without headers or body finds the address`, async () => {
        const server = await start({ path: '/mcp/', redirects: { '/mcp': { status, to: '/mcp/' } } });
        const { texts, lines } = await connect(server.url, ['ada', 'bob']);
        assert.deepEqual(texts, ['ada', 'bob']);
        assert.deepEqual(server.methods().slice(0, 4), [
          'initialize /mcp',
          'GET /mcp',
          'GET /mcp/',
          'initialize /mcp/',
        ]);
        assert.deepEqual(
          server.methods().filter((line) => line.endsWith(' /mcp')),
          ['initialize /mcp', 'GET /mcp'],
          'for both users',
        );
        server.seen.slice(1, 3).forEach((request) => {
          assertBare(request);
          assert.equal(request.headers.accept, 'application/json');
        });
        assert.equal(lines.filter((line) => line.includes('The server redirects')).length, 1);
      });
    }

    test('another origin gets one bare GET, and nothing else', async () => {
      const stranger = await start({ path: '/mcp/' });
      const server = await start({
        path: '/mcp/',
        redirects: { '/mcp': { status: 307, to: `${stranger.origin}/mcp/` } },
      });
      const { code, message } = await connect(server.url);
      assert.equal(code, 'http_error');
      assert.match(message, /redirects/);
      assert.deepEqual(server.methods(), ['initialize /mcp', 'GET /mcp']);
      assert.deepEqual(stranger.methods(), ['GET /mcp/']);
      assertBare(stranger.seen[0]);
    });

    test('a redirect that a page may not follow ends in the same error', async () => {
      const server = await start({ path: '/end', redirects: { '/mcp': { status: 307, to: '/mcp' } } });
      assert.match((await connect(server.url)).message ?? '', /redirects/);
      assert.ok(server.seen.filter(({ verb }) => verb === 'POST').length === 1, server.methods().join(', '));
    });
  });

  test('is forgotten when the server is at its configured address again, and the session is kept', async () => {
    const server = await start({ path: '/mcp/', redirects: slash });
    const { manager } = managerOf(server.url);
    const session = await manager.connect('ada', 's');
    Object.assign(server.state, { path: '/mcp', redirects: {} });
    // A tool may answer 404 itself, so the call fails, and only the next one uses the other address.
    await assert.rejects(textOf(session, 'hello'), { code: 'http_error', status: 404 });
    assert.equal(await textOf(session, 'hello'), 'hello');
    assert.equal(
      server.seen.filter(({ method }) => method === 'initialize').length,
      2,
      'one of them was the redirected one',
    );
    assert.equal(session.generation, 1);
  });
});

describe('a body of JSON with another Content-Type', () => {
  const long = 'x'.repeat(300_000);
  const types = {
    none: undefined,
    'text/plain': 'text/plain',
    'text/html': 'text/html; charset=utf-8',
    'application/octet-stream': 'application/octet-stream',
  };
  for (const [name, type] of Object.entries(types)) {
    for (const [what, prefix] of Object.entries({
      plain: '',
      'after white space': ' \r\n\t\n',
      'after a byte order mark': '\uFEFF',
      batch: '[',
    })) {
      test(`${name}, ${what}, of 300 KB`, async () => {
        const answer = (response, message) => {
          if (message.method !== 'tools/call') return false;
          response.writeHead(200, type && { 'Content-Type': type });
          const text = `${prefix}${JSON.stringify(resultOf(message))}${prefix === '[' ? ']' : ''}`;
          // In pieces, the first of which contains only the prefix of the JSON.
          response.write(text.slice(0, prefix.length));
          setImmediate(() => response.end(text.slice(prefix.length)));
          return true;
        };
        const server = await start({ answer });
        const session = await managerOf(server.url).manager.connect('ada', 's');
        assert.equal(await textOf(session, long), long);
      });
    }
  }

  test('is limited to limits.maxMessageBytes', async () => {
    const answer = (response, message) =>
      message.method === 'tools/call' && Boolean(response.writeHead(200).end(JSON.stringify(resultOf(message))));
    const server = await start({ answer });
    const session = await managerOf(server.url, { limits: { maxMessageBytes: 100_000 } }).manager.connect('ada', 's');
    await assert.rejects(textOf(session, long), { code: 'limit_exceeded' });
  });

  test('an HTML page is cut, and is an error', async () => {
    const answer = (response, message) =>
      message.method === 'tools/call' &&
      Boolean(
        response
          .writeHead(200, { 'Content-Type': 'text/html' })
          .end(`<html>${'<p>{"jsonrpc":"2.0"}</p>'.repeat(20_000)}</html>`),
      );
    const server = await start({ answer });
    const session = await managerOf(server.url).manager.connect('ada', 's');
    await assert.rejects(textOf(session, 'hello'), { code: 'outcome_unknown' });
  });
});

test('an event id that is beyond Latin-1 is sent back as the bytes of its UTF-8', async () => {
  for (const id of ['событие-7', '第7', '🙂', 'a\u0001b']) {
    const cursors = [];
    const called = {};
    const server = await start({
      answer(response, message) {
        if (message.method !== 'tools/call') return false;
        called.message = message;
        response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(`id: ${id}\nretry: 10\ndata:\n\n`);
        return true;
      },
      get(request, response) {
        if (!called.message) return false;
        cursors.push(Buffer.from(request.headers['last-event-id'] ?? '', 'latin1').toString());
        response
          .writeHead(200, { 'Content-Type': 'text/event-stream' })
          .end(`data: ${JSON.stringify(resultOf(called.message))}\n\n`);
        return true;
      },
    });
    const session = await managerOf(server.url).manager.connect('ada', 's');
    if (id.includes('\u0001')) {
      await assert.rejects(textOf(session, 'hello'), { code: 'outcome_unknown' });
      assert.deepEqual(cursors, []);
    } else {
      assert.equal(await textOf(session, 'hello'), 'hello');
      assert.deepEqual(cursors, [id]);
    }
  }
});

test('a request that is answered 202 is answered on the open stream, with its id as a string', async () => {
  const stream = {};
  const server = await start({
    answer(response, message) {
      if (message.method !== 'tools/call') return false;
      response.writeHead(202).end();
      const answer = { ...resultOf(message), id: String(message.id) };
      stream.response.write(`data: ping\n\ndata: {"type":"heartbeat"}\n\ndata: ${JSON.stringify(answer)}\n\n`);
      return true;
    },
    get(_, response) {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
      stream.response = response;
      stream.opened?.();
      return true;
    },
  });
  const opened = new Promise((resolve) => {
    stream.opened = resolve;
  });
  const session = await managerOf(server.url).manager.connect('ada', 's');
  await opened;
  assert.equal(await textOf(session, 'hello'), 'hello');
});
