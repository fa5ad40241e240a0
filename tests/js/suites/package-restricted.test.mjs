// Pages and workers with less freedom than usual: the package loads, and a call to a real server on another origin is answered.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { launchOptions } from '../helpers/browsers/chromium.mjs';
import { workspace } from '../helpers/package/install.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';
import { listen } from '../servers/shared/listen.mjs';

const wasm = 'mcp_tether_bg.wasm';
const types = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', wasm: 'application/wasm' };

// What every page and worker does; `tell` differs.
const ask = `
async function ask(url, before) {
  const { default: init, McpManager } = await load();
  await init();
  const manager = new McpManager({ mcpServers: { notes: { url } } }, { env: {}, log: () => {} });
  if (before) await before(manager);
  const session = await manager.connect('ada', 'notes');
  const { content } = await session.callTool({ name: 'echo', arguments: { text: 'grüße' } });
  await manager.close({ terminate: true });
  return content[0].text;
}
`;
const dynamic = `${ask} const load = () => import(ORIGIN + '/browser.js');`;
// A service worker may not import at run time.
const fixed = `import * as api from '/browser.js'; ${ask} const load = async () => api;`;
const show = `
  const tell = (text) => { document.documentElement.dataset.answer = text; };
  ask(SERVER).then(tell, (error) => tell(error.name + ': ' + error.message));
`;
const throughPort = `
  const serve = (port) => ask(SERVER).then((text) => port.postMessage(text), (error) => port.postMessage(String(error)));
`;
const listenTo = (port) => `
  const tell = ({ data }) => { document.documentElement.dataset.answer = data; };
  ${port}.onmessage = tell;
`;

describe('a page with restrictions', () => {
  let site;
  let server;
  let browser;
  let files;
  let headers;
  let asked;

  before(async () => {
    server = await startSdkServer({ mode: 'stateful' });
    site = await listen(async (request, response) => {
      const { pathname } = new URL(request.url, 'http://localhost');
      asked.push(pathname);
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      const own = files[pathname];
      if (own === null) return response.writeHead(404).end();
      const body =
        own?.body ?? own ?? (await readFile(join(workspace, 'pkg', basename(pathname))).catch(() => undefined));
      if (body === undefined) return response.writeHead(404).end();
      response.setHeader('Content-Type', own?.type ?? types[pathname.split('.')[1] ?? 'html']);
      return response.end(
        typeof body === 'string'
          ? body.replaceAll('SERVER', JSON.stringify(server.url)).replaceAll('ORIGIN', JSON.stringify(site.origin))
          : body,
      );
    });
    browser = await chromium.launch(launchOptions);
  });

  after(async () => {
    await browser?.close();
    await site?.close();
    await server?.close();
  });

  /** What the page at `/`, or its frame, shows. */
  async function answerOf(page, given, { frame = false } = {}) {
    files = { '/': `<!doctype html><title>Page</title>${page}`, ...given.files };
    headers = given.headers ?? {};
    asked = [];
    const context = await browser.newContext();
    try {
      const opened = await context.newPage();
      const seen = [];
      const uncaught = [];
      opened.on('console', (message) => seen.push(message.text()));
      opened.on('pageerror', (error) => uncaught.push(error.message));
      await opened.goto(site.origin);
      const root = (frame ? opened.frameLocator('iframe') : opened).locator('html[data-answer]');
      await root
        .waitFor({ state: 'attached', timeout: 60_000 })
        .catch(() => assert.fail([...seen, ...uncaught].join('\n')));
      assert.deepEqual(uncaught, []);
      return await root.getAttribute('data-answer');
    } finally {
      await context.close();
    }
  }

  const script = '<script type="module" src="/main.js"></script>';
  const main = { '/main.js': `${dynamic}${show}` };
  const isolated = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

  test('a <base> that leads elsewhere', async () => {
    const page = `<base href="https://elsewhere.invalid/app/"><script type="module">${dynamic}${show}</script>`;
    assert.equal(await answerOf(page, {}), 'grüße');
    assert.ok(asked.includes(`/${wasm}`));
  });

  test('Cross-Origin-Embedder-Policy: require-corp', async () => {
    assert.equal(await answerOf(script, { files: main, headers: isolated }), 'grüße');
  });

  for (const [what, file] of Object.entries({ 'its file': undefined, 'inside the JavaScript': null }))
    test(`trusted types and a policy with a nonce, the module from ${what}`, async () => {
      const policy = [
        "default-src 'none'",
        "script-src 'nonce-abc' 'strict-dynamic' 'wasm-unsafe-eval'",
        `connect-src 'self' ${new URL(server.url).origin}`,
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
        "base-uri 'none'",
      ].join('; ');
      const page = '<script type="module" nonce="abc" src="/main.js"></script>';
      const answer = await answerOf(page, {
        files: { ...main, [`/${wasm}`]: file },
        headers: { 'Content-Security-Policy': policy },
      });
      assert.equal(answer, 'grüße');
      assert.equal(asked.includes('/base64.js'), file === null);
    });

  test('nosniff, and the module with a type of its own', async () => {
    const body = await readFile(join(workspace, 'pkg', wasm));
    const answer = await answerOf(script, {
      files: { ...main, [`/${wasm}`]: { type: 'application/octet-stream', body } },
      headers: { 'X-Content-Type-Options': 'nosniff' },
    });
    assert.equal(answer, 'grüße');
    assert.equal(asked.includes('/base64.js'), false);
  });

  test('a sandboxed frame, whose origin is opaque', async () => {
    const inFrame = `
      const attach = async (manager) => (await import(ORIGIN + '/page.js')).attachToPage(manager);
      const tell = (text) => { document.documentElement.dataset.answer = text; };
      ask(SERVER, attach).then(tell, (error) => tell(error.name + ': ' + error.message));
    `;
    const answer = await answerOf(
      '<iframe sandbox="allow-scripts" src="/frame.html"></iframe>',
      {
        files: {
          '/frame.html': '<!doctype html><title>Frame</title><script type="module" src="/frame.js"></script>',
          '/frame.js': `${dynamic}${inFrame}`,
        },
        headers: { 'Access-Control-Allow-Origin': '*' },
      },
      { frame: true },
    );
    assert.equal(answer, 'grüße');
  });

  for (const [what, given] of Object.entries({ '': {}, ' of an isolated page': { headers: isolated } }))
    test(`a shared worker${what}`, async () => {
      const answer = await answerOf(script, {
        ...given,
        files: {
          '/main.js': `const { port } = new SharedWorker('/shared.js', { type: 'module' }); ${listenTo('port')}`,
          '/shared.js': `${dynamic}${throughPort} onconnect = ({ ports: [port] }) => serve(port);`,
        },
      });
      assert.equal(answer, 'grüße');
    });

  test('a service worker of modules', async () => {
    const answer = await answerOf(script, {
      files: {
        '/main.js': `
          ${listenTo('navigator.serviceWorker')}
          await navigator.serviceWorker.register('/service.js', { type: 'module' });
          (await navigator.serviceWorker.ready).active.postMessage('');
        `,
        '/service.js': `${fixed}${throughPort} onmessage = (event) => event.waitUntil(serve(event.source));`,
      },
    });
    assert.equal(answer, 'grüße');
  });
});
