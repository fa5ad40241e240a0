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
let page;

before(async () => {
  servers = { stateful: await startSdkServer(), stateless: await startSdkServer({ mode: 'stateless' }) };
  files = await startPageServer();
  browser = await chromium.launch(launchOptions);
  page = await browser.newPage();
});

after(async () => {
  await browser?.close();
  await files?.close();
  for (const server of Object.values(servers ?? {})) await server.close();
});

/** A gate with an origin of its own: the browser has cached no preflight for it. */
async function gateTo(server, rules, context) {
  const gate = await startCorsGate(new URL(server.url).origin);
  context.after(gate.close);
  gate.rules = rules;
  return gate;
}

const stepOf = ({ steps }, name) => steps.find((step) => step.name === name);

/** In a document of its own. */
async function diagnoseInPage(url, { prepare = async () => {}, own = headers } = {}) {
  await page.goto(files.origin);
  await prepare();
  return page.evaluate(
    async ({ url, own }) => {
      const { default: init, McpManager } = await import('/pkg/browser.js');
      await init();
      const manager = new McpManager({ mcpServers: { db: { url, headers: own } } });
      return manager.diagnose('db', 'ada');
    },
    { url, own },
  );
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
      test(name, { timeout: 60_000 }, async (context) => {
        const gate = await gateTo(servers.stateful, { ...goodRules, ...row.rules }, context);
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

    test('a server without sessions needs neither DELETE nor the session headers', {
      timeout: 60_000,
    }, async (context) => {
      const rules = {
        ...goodRules,
        allowMethods: ['POST'],
        exposeHeaders: [],
        allowHeaders: ['content-type', 'authorization', 'x-user', 'mcp-protocol-version'],
      };
      const gate = await gateTo(servers.stateless, rules, context);
      const diagnosis = await diagnose(`${gate.origin}/mcp`);
      assert.equal(diagnosis.kind, 'stateless');
      assert.equal(diagnosis.ok, true, JSON.stringify(diagnosis, undefined, 2));
    });

    test('a server without sessions needs mcp-protocol-version', { timeout: 60_000 }, async (context) => {
      const rules = { ...goodRules, allowHeaders: ['content-type', 'authorization', 'x-user'] };
      const gate = await gateTo(servers.stateless, rules, context);
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
    const sentence =
      /^Check that the server runs at http:\/\/127\.0\.0\.1:\d+, and that no extension or local network /;
    assert.match(stepOf(diagnosis, 'reachable').fix, sentence);
    assert.equal(stepOf(diagnosis, 'cors').detail, 'not tried: the server was not reached');
    const secure = await diagnoseInPage(gone.url.replace('http:', 'https:'));
    assert.match(stepOf(secure, 'reachable').fix, /:\d+, that the browser accepts its certificate, and that no /);
  });

  test("the page's own policy is named", { timeout: 60_000 }, async (context) => {
    const gate = await gateTo(servers.stateful, goodRules, context);
    const prepare = () =>
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

  test('the diagnosis leaves no session behind', { timeout: 60_000 }, async (context) => {
    const server = servers.stateful;
    const gate = await gateTo(server, goodRules, context);
    await server.forgetSessions();
    Object.assign(server.counts, { initialize: 0, delete: 0 });
    assert.equal((await diagnoseInPage(`${gate.origin}/mcp`)).ok, true);
    assert.equal(server.counts.initialize, 2);
    assert.equal(server.counts.delete, 2);
  });
});
