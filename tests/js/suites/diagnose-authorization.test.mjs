// The step `authorization` of a diagnosis, against an authorization server with each deviation: what is missing, and what to add. Nothing is registered
// and nothing of the user's is sent.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { launchOptions, startPageServer } from '../helpers/browsers/chromium.mjs';
import { rows } from '../helpers/diagnose/authorization-rows.mjs';
import { packageUrl } from '../helpers/oauth/world.mjs';
import { startProtectedServer } from '../servers/authorization/protected-server.mjs';
import { startAuthorizationServer } from '../servers/authorization-server.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';
import { listen } from '../servers/shared/listen.mjs';
import { readText } from '../servers/shared/messages.mjs';

const { McpManager } = await import(packageUrl('node.js'));

async function diagnose(server, options) {
  const manager = new McpManager({ mcpServers: { db: server } });
  try {
    return await manager.diagnose('db', 'ada', options);
  } finally {
    await manager.close();
  }
}
const stepOf = ({ steps }, name = 'authorization') => steps.find((step) => step.name === name);

/** Passes a request on: MCP and metadata to the server, everything else to the files. */
async function forward(request, response, server, files) {
  const isMcp = request.url.startsWith('/mcp') || request.url.startsWith('/.well-known/');
  const { method, headers } = request;
  const body = method === 'POST' ? await readText(request) : undefined;
  const { host: _host, connection: _connection, 'content-length': _length, ...own } = headers;
  const answer = await fetch((isMcp ? server : files).origin + request.url, { method, headers: own, body });
  const { 'content-encoding': _encoding, 'content-length': _size, ...back } = Object.fromEntries(answer.headers);
  response.writeHead(answer.status, back).end(Buffer.from(await answer.arrayBuffer()));
}

/** The two servers of a row. */
async function start(context, { as: asRules = {}, server: serverRules = {} } = {}) {
  const as = await startAuthorizationServer();
  const server = await startProtectedServer(as);
  context.after(() => Promise.all([as.close(), server.close()]));
  const rulesOf = (rules) => (typeof rules === 'function' ? rules({ as, server }) : rules);
  Object.assign(as.rules, rulesOf(asRules));
  Object.assign(server.rules, rulesOf(serverRules));
  return { as, server };
}

describe('one deviation each', () => {
  for (const [name, row] of Object.entries(rows))
    test(name, { timeout: 120_000 }, async (context) => {
      const { as, server } = await start(context, row);
      const diagnosis = await diagnose({ url: server.url }, { ...(row.origin && { origin: row.origin }) });
      const step = stepOf(diagnosis);
      const shown = JSON.stringify(diagnosis, undefined, 2);
      assert.equal(step.ok, row.fix === undefined, shown);
      assert.equal(diagnosis.ok, row.fix === undefined, shown);
      if (row.fix ?? row.advice) assert.match(step.fix ?? '', row.fix ?? row.advice);
      else assert.equal(step.fix, undefined);
      if (row.seen ?? row.usable) assert.match(step.detail, row.seen ?? row.usable);
      assert.deepEqual([as.clients.size, as.count('authorize')], [0, 0], 'it only reads');
    });
});

test('a healthy server that asks for a login: usable, and what needs a session is not checked', async (context) => {
  const { as, server } = await start(context);
  const diagnosis = await diagnose({ url: server.url }, { origin: 'https://app.example' });
  assert.equal(diagnosis.ok, true, JSON.stringify(diagnosis, undefined, 2));
  assert.equal(stepOf(diagnosis).detail, `users can log in at ${as.issuer}, which registers clients`);
  assert.match(stepOf(diagnosis, 'initialize').detail, /^not checked: the server asks for a login/);
});

test('with a token everything is checked, and the token goes to the MCP server alone', async (context) => {
  const { as, server } = await start(context);
  server.rules.accepts = () => true;
  const { access_token } = await (
    await fetch(`${as.origin}/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: server.url }),
    })
  ).json();
  as.log.length = 0;
  const diagnosis = await diagnose({ url: server.url, headers: { Authorization: `Bearer ${access_token}` } });
  assert.equal(diagnosis.ok, true, JSON.stringify(diagnosis, undefined, 2));
  assert.equal(diagnosis.kind, 'stateful');
  assert.match(stepOf(diagnosis).detail, /users can log in/);
  assert.ok(as.log.length > 0 && as.log.every(({ headers }) => !headers.authorization));
});

test('a server that needs no login has no such step; one with API keys gets advice', async (context) => {
  const open = await startSdkServer();
  context.after(open.close);
  assert.equal(stepOf(await diagnose({ url: open.url })), undefined);
  const { server } = await start(context, { server: { place: '/nowhere', challenge: () => undefined } });
  const diagnosis = await diagnose({ url: server.url, headers: { Authorization: 'Bearer key-1234' } });
  assert.deepEqual([diagnosis.ok, stepOf(diagnosis).ok], [false, true]);
  assert.match(stepOf(diagnosis).detail, /says nothing of OAuth/);
});

test('metadata without an end, and redirects without one, are bounded', async (context) => {
  const { as, server } = await start(context);
  as.rules.metadata = () => ({ endless: true });
  const endless = await diagnose({ url: server.url }, { timeout: 2_000 });
  assert.match(stepOf(endless).fix, /RFC 8414/);
  as.rules.metadata = (_document, { path }) => ({ status: 302, headers: { Location: `${path}x` } });
  const circular = await diagnose({ url: server.url });
  assert.match(stepOf(circular).fix, /RFC 8414/);
});

describe('the command', () => {
  const doctor = (...words) =>
    new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [fileURLToPath(packageUrl('doctor.js')), ...words],
        (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
      );
    });

  test('advice: 0', async (context) => {
    const { server } = await start(context, rows['no registration']);
    const { code, stdout } = await doctor('doctor', server.url);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^! authorization .*\n +→ Register a client there by hand/m);
    assert.match(stdout, /^– initialize /m);
    assert.match(stdout, /^The server can be used, and can be improved$/m);
  });

  test('broken: 1', async (context) => {
    const { server } = await start(context, rows['PKCE is not declared']);
    const { code, stdout } = await doctor('doctor', server.url);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /^✗ authorization /m);
  });

  test('--version: 0', async () => {
    const { code, stdout } = await doctor('--version');
    assert.deepEqual([code, /^\d+\.\d+\.\d+\S*\n$/.test(stdout)], [0, true], stdout);
  });
});

describe('in a page', () => {
  let browser;
  let files;
  before(async () => {
    files = await startPageServer();
    browser = await chromium.launch(launchOptions);
  });
  after(async () => {
    await browser?.close();
    await files?.close();
  });

  /** What a page of `origin` finds. */
  async function inPage(url, origin = files.origin) {
    const page = await browser.newPage();
    await page.goto(`${origin}/tests/helpers/browsers/page.html`);
    const diagnosis = await page.evaluate(async (target) => {
      const { default: init, McpManager: Manager } = await import('/pkg/browser.js');
      await init();
      const manager = new Manager({ mcpServers: { db: { url: target } } });
      const found = await manager.diagnose('db', 'ada');
      await manager.close();
      return found;
    }, url);
    await page.close();
    return diagnosis;
  }

  test('a page of the server itself: the authorization server needs CORS all the same', async (context) => {
    const { as, server } = await start(context, { as: { noCors: ['token'] } });
    // The page's files and the MCP server on one origin.
    const both = await listen((request, response) => forward(request, response, server, files));
    context.after(both.close);
    server.rules.document = { resource: `${both.origin}/mcp` };
    server.rules.challenge = () => 'Bearer';
    const { ok, fix } = stepOf(await inPage(`${both.origin}/mcp`, both.origin));
    assert.equal(ok, false);
    assert.match(fix, /Access-Control-Allow-Origin is missing on the token endpoint/);
    assert.doesNotMatch(fix, /WWW-Authenticate to Access-Control-Expose-Headers/);
    assert.equal(as.clients.size, 0);
  });

  for (const [what, rule, isOk, words] of [
    ['healthy', {}, true, /which registers clients/],
    [
      'no CORS at the metadata',
      { noCors: ['metadata'] },
      false,
      /that this page can read.*Access-Control-Allow-Origin/s,
    ],
    [
      'no CORS at the token endpoint',
      { noCors: ['token'] },
      false,
      /Access-Control-Allow-Origin is missing on the token endpoint/,
    ],
    ['no CORS at the registration endpoint', { noCors: ['register'] }, true, /npx mcp-tether doctor .* --origin http/],
  ])
    test(what, async (context) => {
      const { as, server } = await start(context, { as: rule });
      const diagnosis = await inPage(server.url);
      const { ok, detail, fix = '' } = stepOf(diagnosis);
      assert.equal(ok, isOk, JSON.stringify(diagnosis, undefined, 2));
      assert.match(`${detail} ${fix}`, words);
      assert.equal(as.clients.size, 0);
    });
});
