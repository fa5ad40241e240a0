// The requests of a Chromium page to a server of another origin, and the responses: counted by the server.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openPage } from '../helpers/browsers/chromium.mjs';
import { startScriptedServer } from '../servers/scripted-server.mjs';

describe('the requests of a page', () => {
  let chromium;
  before(async () => {
    chromium = await openPage();
    await chromium.page.evaluate(async () => {
      const { default: init, McpManager } = await import('/pkg/browser.js');
      await init();
      globalThis.open = (url, settings) => {
        const config = {
          url,
          protocolVersion: 'legacy',
          ...settings,
          sessionConfig: { retryDelay: 50, retryAttempts: 1, ...settings?.sessionConfig },
        };
        return new McpManager({ mcpServers: { s: config } }, { log: () => {} });
      };
    });
  });
  after(() => chromium?.close());

  /** Runs `act(url, value)` in the page, against a server of its own. */
  async function against(hook, act, value) {
    const server = await startScriptedServer(hook);
    try {
      return {
        outcome: await chromium.page.evaluate(
          `(${act})(${JSON.stringify(server.url)}, ${JSON.stringify(value ?? null)})`,
        ),
        server,
      };
    } finally {
      await server.close();
    }
  }

  describe('a server that is out of reach', () => {
    test('64 calls that fail together make one CORS check, and do not blame CORS', { timeout: 30_000 }, async () => {
      let isDown = false;
      const { outcome, server } = await against(
        ({ response, message }) => {
          isDown ||= message?.method === 'tools/call';
          if (isDown) response.destroy();
          return isDown;
        },
        async (url) => {
          const manager = globalThis.open(url);
          const session = await manager.connect('ada', 's');
          await session.listTools();
          const calls = Array.from({ length: 64 }, () => session.callTool({ name: 'write' }).catch(({ code }) => code));
          const codes = await Promise.all(calls);
          await manager.close();
          return [...new Set(codes)];
        },
      );
      assert.deepEqual(outcome, ['outcome_unknown']);
      // Six connections at a time, so the calls fail in a few waves; Chromium itself retries a cut request on a used
      // connection.
      assert.ok(server.count('HEAD') >= 2 && server.count('HEAD') <= 24, `${server.count('HEAD')} checks`);
    });

    test('a CORS check is shared by all waiting calls, and ends with the last of them', {
      timeout: 30_000,
    }, async () => {
      const { outcome } = await against(
        ({ response, message }) => {
          if (message?.method !== 'tools/call') return false;
          return response.destroy();
        },
        async (url) => {
          const manager = globalThis.open(url, { sessionConfig: { replay: 'never' } });
          const session = await manager.connect('ada', 's');
          const { fetch } = globalThis;
          const checks = []; // their signals; no check is answered
          let failed = 0;
          globalThis.fetch = (target, init) => {
            if (init.method === 'HEAD') {
              checks.push(init.signal);
              return new Promise(() => {});
            }
            const response = fetch(target, init);
            response.catch(() => (failed += 1));
            return response;
          };
          const until = async (condition) => {
            while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
          };
          const aborters = [new AbortController(), new AbortController()];
          const calls = [];
          for (const { signal } of aborters) {
            calls.push(session.callTool({ name: 'write' }, { signal }).catch(({ code }) => code));
            await until(() => failed === calls.length && checks.length > 0);
          }
          const seen = [];
          for (const [index, aborter] of aborters.entries()) {
            aborter.abort();
            seen.push([await calls[index], checks.length, ...checks.map(({ aborted }) => aborted)]);
          }
          globalThis.fetch = fetch;
          await manager.close();
          return seen;
        },
      );
      assert.deepEqual(outcome, [
        ['cancelled', 2, false, false],
        ['cancelled', 2, true, true],
      ]);
    });
  });

  describe('cacheable responses', () => {
    const cacheable = (response) => {
      response.setHeader('Cache-Control', 'public, max-age=600');
      response.setHeader('ETag', '"1"');
      response.setHeader('Age', '30');
      response.removeHeader('Vary');
    };

    /** A stream of the given number of events, which name the user of the session. */
    function stream({ request, response, count }, events = 1) {
      const { 'mcp-session-id': session } = request.headers;
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      for (let number = 0; number < events; number += 1) {
        const params = { data: `${session} ${count}` };
        response.write(
          `id: ${count}-${number}\ndata: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params })}\n\n`,
        );
      }
      response.end();
    }

    test('a GET stream is delivered to its own user, and each event once', { timeout: 30_000 }, async () => {
      const asked = [];
      const { outcome } = await against(
        (exchange) => {
          cacheable(exchange.response);
          if (exchange.request.method !== 'GET') return false;
          asked.push(exchange.request.headers);
          stream(exchange);
          return true;
        },
        async (url) => {
          const manager = globalThis.open(url);
          const heard = { ann: [], bob: [] };
          for (const user of ['ann', 'bob']) {
            const session = await manager.connect(user, 's');
            session.onnotification = ({ params }) => heard[user].push(params.data);
          }
          while (heard.ann.length < 3 || heard.bob.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
          await manager.close();
          return heard;
        },
      );
      assert.ok(
        outcome.ann.every((words) => words.startsWith('session-1 ')),
        outcome.ann.join(),
      );
      assert.ok(
        outcome.bob.every((words) => words.startsWith('session-2 ')),
        outcome.bob.join(),
      );
      for (const words of [outcome.ann, outcome.bob]) assert.equal(new Set(words).size, words.length, words.join());
      assert.ok(
        asked.every((headers) => headers['if-none-match'] === undefined),
        'no conditional request is sent',
      );
    });

    test("the stream of an HTTP+SSE session is its own user's, also while another is open", {
      timeout: 30_000,
    }, async () => {
      const streams = new Map();
      const { outcome } = await against(
        ({ request, response, message, count }) => {
          cacheable(response);
          if (request.method === 'OPTIONS') return false;
          if (request.method === 'GET') {
            const name = `stream-${count}`;
            streams.set(name, response);
            response.writeHead(200, { 'Content-Type': 'text/event-stream' });
            return response.write(`event: endpoint\ndata: /mcp?session=${name}\n\n`);
          }
          const name = new URL(request.url, 'http://localhost').searchParams.get('session');
          response.writeHead(202).end();
          if (message?.id === undefined) return true;
          const result =
            message.method === 'initialize'
              ? { protocolVersion: '2024-11-05', capabilities: { tools: {} }, serverInfo: { name, version: '1' } }
              : { content: [{ type: 'text', text: name }] };
          return streams.get(name).write(`data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result })}\n\n`);
        },
        async (url) => {
          const manager = globalThis.open(url, { type: 'sse', protocolVersion: 'auto' });
          const texts = [];
          for (const user of ['ann', 'bob']) {
            const session = await manager.connect(user, 's');
            texts.push((await session.callTool({ name: 'read' })).content[0].text);
          }
          await manager.close();
          return texts;
        },
      );
      assert.deepEqual(outcome, ['stream-1', 'stream-2']);
    });

    for (const [what, protocolVersion, kind] of [
      ['answers to calls', 'legacy', 'tools/list'],
      ['answers to discovery', 'auto', 'server/discover'],
    ]) {
      test(`${what} always come from the server`, { timeout: 30_000 }, async () => {
        const { server, outcome } = await against(
          ({ response }) => cacheable(response),
          async (url, version) => {
            const kinds = [];
            for (let visit = 0; visit < 3; visit += 1) {
              const manager = globalThis.open(url, { protocolVersion: version });
              const session = await manager.connect('ann', 's');
              kinds.push((await session.listTools()).tools.length);
              await manager.close();
            }
            return kinds;
          },
          protocolVersion,
        );
        assert.deepEqual(outcome, [2, 2, 2]);
        assert.equal(server.count(kind), 3);
      });
    }

    test('a call costs no preflight of its own', { timeout: 30_000 }, async () => {
      const { server } = await against(undefined, async (url) => {
        const manager = globalThis.open(url);
        const session = await manager.connect('ann', 's');
        await session.listTools();
        for (let call = 0; call < 20; call += 1) await session.callTool({ name: 'read' });
        await manager.close();
      });
      assert.equal(server.count('tools/call'), 20);
      assert.ok(server.count('OPTIONS') < 6, `${server.count('OPTIONS')} preflights`);
    });
  });

  describe('the network, as the browser and the application see it', () => {
    /** In the page: sets the browser's online state. */
    const browserSays = (online) => {
      Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => online });
      dispatchEvent(new Event(online ? 'online' : 'offline'));
    };
    before(async () => {
      await chromium.page.evaluate(`globalThis.browserSays = ${browserSays}`);
      await chromium.page.evaluate(async () => {
        const { attachToPage } = await import('/pkg/page.js');
        globalThis.attachToPage = attachToPage;
      });
    });
    after(() => chromium.page.evaluate(() => globalThis.browserSays(true)));

    test('a browser that is wrong costs one harmless request', { timeout: 30_000 }, async () => {
      const checks = [];
      const { outcome, server } = await against(
        ({ request }) => void (request.method === 'HEAD' && checks.push(request.headers)),
        async (url) => {
          const manager = globalThis.open(url);
          const detach = globalThis.attachToPage(manager);
          globalThis.browserSays(false);
          const session = await manager.connect('ann', 's', { headers: { Authorization: 'Bearer secret' } });
          const texts = [];
          for (const name of ['read', 'write', 'read']) texts.push((await session.callTool({ name })).content[0].text);
          globalThis.browserSays(true);
          detach();
          await manager.close();
          return texts;
        },
      );
      assert.deepEqual(outcome, ['read ran', 'write ran', 'read ran']);
      assert.deepEqual([server.count('initialize'), server.count('tools/call'), server.count('HEAD')], [1, 3, 2]);
      for (const headers of checks)
        assert.deepEqual([headers.authorization, headers['mcp-session-id']], [undefined, undefined]);
    });

    for (const [when, pause] of [
      ['during the attempt', 0],
      ['after it', 50],
    ])
      test(`a browser that is right until the network is back ${when}: only the attempt leaves the page`, {
        timeout: 30_000,
      }, async () => {
        const { outcome, server } = await against(
          undefined,
          async (url, millis) => {
            const manager = globalThis.open(url, { sessionConfig: { retryAttempts: 0 } });
            const detach = globalThis.attachToPage(manager);
            const session = await manager.connect('ann', 's');
            const { fetch } = globalThis;
            const sent = [];
            globalThis.fetch = async (target, init) => {
              sent.push(init.method);
              if (!navigator.onLine) throw new TypeError('Failed to fetch');
              return fetch(target, init);
            };
            globalThis.browserSays(false);
            const calls = ['write', 'read'].map((name) => session.callTool({ name }));
            if (millis) await new Promise((resolve) => setTimeout(resolve, millis));
            const offline = [...sent];
            globalThis.browserSays(true);
            const texts = (await Promise.all(calls)).map(({ content }) => content[0].text);
            globalThis.fetch = fetch;
            detach();
            await manager.close();
            return { offline, texts };
          },
          pause,
        );
        assert.deepEqual(outcome, { offline: ['HEAD', 'HEAD'], texts: ['write ran', 'read ran'] });
        assert.equal(server.count('tools/call'), 2);
      });

    test('the application’s network state counts for this machine too, and overrides the browser', {
      timeout: 30_000,
    }, async () => {
      const { outcome, server } = await against(undefined, async (url) => {
        const manager = globalThis.open(url);
        const detach = globalThis.attachToPage(manager);
        const session = await manager.connect('ann', 's');
        const { requests } = manager.getMetrics();
        manager.notifyNetwork('offline');
        globalThis.browserSays(true);
        const pending = session.callTool({ name: 'write' });
        await session.callTool({ name: 'read' }, { timeout: 300 }).catch(() => {});
        const tried = manager.getMetrics().requests - requests;
        globalThis.browserSays(false);
        manager.notifyNetwork('online');
        const text = (await pending).content[0].text;
        const wrong = ['Offline', '', 'wake', undefined, true, {}].map((state) => {
          try {
            manager.notifyNetwork(state);
          } catch (error) {
            return `${error.code}: ${error.message}`;
          }
          return 'taken';
        });
        globalThis.browserSays(true);
        detach();
        await manager.close();
        return { tried, text, wrong: [...new Set(wrong)] };
      });
      assert.deepEqual(outcome, {
        tried: 0,
        text: 'write ran',
        wrong: ["config_error: state: must be 'offline' or 'online'"],
      });
      assert.deepEqual([server.count('tools/call'), server.count('HEAD')], [1, 0]);
    });
  });

  describe('a session id that is not exposed', () => {
    for (const [what, method] of [
      ['to the first call', 'tools/call'],
      ['to notifications/initialized', 'notifications/initialized'],
    ]) {
      test(`is reported if the server requires one in answer ${what}`, { timeout: 30_000 }, async () => {
        const { outcome, server } = await against(
          ({ response, request, message }) => {
            response.setHeader('Access-Control-Expose-Headers', 'Content-Type');
            if (message?.method !== method || request.headers['mcp-session-id']) return false;
            response.writeHead(400, { 'Content-Type': 'application/json' });
            return response.end(
              JSON.stringify({
                jsonrpc: '2.0',
                id: null,
                error: { code: -32000, message: 'Bad Request: No valid session ID provided' },
              }),
            );
          },
          async (url) => {
            const manager = globalThis.open(url);
            const outcome = await manager
              .connect('ann', 's')
              .then((session) => session.callTool({ name: 'write' }))
              .catch(({ code, message }) => ({ code, message }));
            await manager.close();
            return outcome;
          },
        );
        assert.equal(outcome.code, 'cors_blocked');
        assert.match(outcome.message, /Access-Control-Expose-Headers: Mcp-Session-Id/);
        assert.equal(server.count('initialize'), 1);
      });
    }
  });
});
