// The CORS doctor, in Chromium and in Node: each broken rule is named on its own.
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { launchOptions, startPageServer } from '../helpers/browsers/chromium.mjs';
import { corsRows, expected } from '../helpers/diagnose/cors-rows.mjs';
import { goodRules, startCorsGate } from '../servers/cors-gate.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';

const packagePath = pathToFileURL(
  resolve(process.env.MCP_TETHER_PACKAGE ?? new URL('../../../pkg/node.js', import.meta.url).pathname),
).href;
const { McpManager } = await import(packagePath);

const headers = { Authorization: 'Bearer a-secret-token', 'X-User': '{{USER_ID}}' };
const origin = 'https://app.example';
let servers;
let files;
let browser;

before(async () => {
  servers = { stateful: await startSdkServer(), stateless: await startSdkServer({ mode: 'stateless' }) };
  for (const [name, server] of Object.entries(servers))
    servers[name] = { server, gate: await startCorsGate(new URL(server.url).origin) };
  files = await startPageServer();
  browser = await chromium.launch(launchOptions);
});

after(async () => {
  await browser?.close();
  await files?.close();
  for (const { server, gate } of Object.values(servers ?? {})) await Promise.all([gate.close(), server.close()]);
});

const stepOf = ({ steps }, name) => steps.find((step) => step.name === name);

/** Runs in a page of its own, so that nothing is cached from the row before. */
async function diagnoseInPage(url, { prepare = async () => {}, own = headers } = {}) {
  const page = await browser.newPage();
  try {
    await page.goto(files.origin);
    await prepare(page);
    return await page.evaluate(
      async ({ url, own }) => {
        const { default: init, McpManager } = await import('/pkg/browser.js');
        await init();
        const manager = new McpManager({ mcpServers: { db: { url, headers: own } } });
        return manager.diagnose('db', 'ada');
      },
      { url, own },
    );
  } finally {
    await page.close();
  }
}

async function diagnoseInNode(url) {
  const manager = new McpManager({ mcpServers: { db: { url, headers } } });
  return manager.diagnose('db', 'ada', { origin });
}

const ways = {
  page: ['in a page', (url) => diagnoseInPage(url), () => files.origin],
  open: ['in Node', diagnoseInNode, () => origin],
};

for (const [way, [title, diagnose, originOf]] of Object.entries(ways)) {
  describe(`the CORS doctor ${title}`, () => {
    for (const [name, row] of Object.entries(corsRows)) {
      test(name, { timeout: 60_000 }, async () => {
        const { gate } = servers.stateful;
        gate.rules = { ...goodRules, ...row.rules };
        const diagnosis = await diagnose(`${gate.origin}/mcp`);
        const wanted = expected(row, way, originOf());
        const seen = JSON.stringify(diagnosis, undefined, 2);
        assert.equal(stepOf(diagnosis, 'cors').fix, wanted, seen);
        assert.equal(stepOf(diagnosis, 'cors').ok, wanted === undefined, seen);
        assert.equal(diagnosis.ok, wanted === undefined, seen);
        assert.equal(stepOf(diagnosis, 'reachable').ok, true, seen);
        assert.ok(!seen.includes('a-secret-token'));
      });
    }

    test('a server without sessions needs neither DELETE nor the session headers', { timeout: 60_000 }, async () => {
      const { gate } = servers.stateless;
      gate.rules = {
        ...goodRules,
        allowMethods: ['POST'],
        exposeHeaders: [],
        allowHeaders: ['content-type', 'authorization', 'x-user', 'mcp-protocol-version'],
      };
      const diagnosis = await diagnose(`${gate.origin}/mcp`);
      assert.equal(diagnosis.kind, 'stateless');
      assert.equal(diagnosis.ok, true, JSON.stringify(diagnosis, undefined, 2));
    });

    test('a server without sessions needs mcp-protocol-version', { timeout: 60_000 }, async () => {
      const { gate } = servers.stateless;
      gate.rules = { ...goodRules, allowHeaders: ['content-type', 'authorization', 'x-user'] };
      const { fix } = stepOf(await diagnose(`${gate.origin}/mcp`), 'cors');
      assert.equal(fix, 'Access-Control-Allow-Headers lacks mcp-protocol-version: add it to the response to OPTIONS.');
    });
  });
}

describe('in a page', () => {
  test('a server that is down is not mistaken for one without CORS', { timeout: 60_000 }, async () => {
    const gone = await startSdkServer();
    await gone.close();
    const diagnosis = await diagnoseInPage(gone.url);
    assert.equal(stepOf(diagnosis, 'reachable').ok, false);
    assert.match(stepOf(diagnosis, 'reachable').fix, /^Check that the server runs at http:\/\/127\.0\.0\.1:\d+/);
    assert.equal(stepOf(diagnosis, 'cors').detail, 'not tried: the server was not reached');
  });

  test("the page's own policy is named", { timeout: 60_000 }, async () => {
    const { gate } = servers.stateful;
    gate.rules = goodRules;
    const prepare = (page) =>
      page.evaluate(() => {
        const policy = document.createElement('meta');
        Object.assign(policy, { httpEquiv: 'Content-Security-Policy', content: "connect-src 'self'" });
        document.head.append(policy);
      });
    const diagnosis = await diagnoseInPage(`${gate.origin}/mcp`, { prepare });
    assert.equal(
      stepOf(diagnosis, 'reachable').fix,
      `Add ${gate.origin} to connect-src of the page's Content-Security-Policy.`,
    );
  });

  test('the diagnosis leaves no session behind', { timeout: 60_000 }, async () => {
    const { gate, server } = servers.stateful;
    gate.rules = goodRules;
    await server.forgetSessions();
    Object.assign(server.counts, { initialize: 0, delete: 0 });
    assert.equal((await diagnoseInPage(`${gate.origin}/mcp`)).ok, true);
    assert.equal(server.counts.initialize, 2);
    assert.equal(server.counts.delete, 2);
  });
});
