// What leaves a Chromium page on its way to a server of another origin, and what comes back: counted by the server.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openPage } from './chromium.mjs';
import { startScriptedServer } from './servers/scripted-server.mjs';

describe('the requests of a page', () => {
  let chromium;
  before(async () => {
    chromium = await openPage();
    await chromium.page.evaluate(async () => {
      const { default: init, McpManager } = await import('/pkg/browser.js');
      await init();
      globalThis.open = (url, settings) => {
        const config = { url, protocolVersion: 'legacy', ...settings, sessionConfig: { retryDelay: 50, retryAttempts: 1, ...settings?.sessionConfig } };
        return new McpManager({ mcpServers: { s: config } }, { log: () => {} });
      };
    });
  });
  after(() => chromium?.close());

  /** Runs `act(url, value)` in the page, against a server of its own. */
  async function against(hook, act, value) {
    const server = await startScriptedServer(hook);
    try {
      return { told: await chromium.page.evaluate(`(${act})(${JSON.stringify(server.url)}, ${JSON.stringify(value ?? null)})`), server };
    } finally {
      await server.close();
    }
  }

  describe('a server that is out of reach', () => {
    test('64 calls that fail together ask once, and are not told of CORS', { timeout: 30_000 }, async () => {
      let isDown = false;
      const { told, server } = await against(
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
      assert.deepEqual(told, ['outcome_unknown']);
      // Six connections at a time, so the calls fail in a few waves; Chromium itself repeats what is cut on a used connection.
      assert.ok(server.count('HEAD') >= 2 && server.count('HEAD') <= 24, `${server.count('HEAD')} checks`);
    });

    test('a check belongs to all that wait for it, and ends with the last of them', { timeout: 30_000 }, async () => {
      const { told } = await against(
        ({ response, message }) => {
          if (message?.method !== 'tools/call') return false;
          return response.destroy();
        },
        async (url) => {
          const manager = globalThis.open(url, { sessionConfig: { replay: 'never' } });
          const session = await manager.connect('ada', 's');
          const { fetch } = globalThis;
          const checks = []; // their signals; they are answered by nothing
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
      assert.deepEqual(told, [['cancelled', 2, false, false], ['cancelled', 2, true, true]]);
    });
  });
});
