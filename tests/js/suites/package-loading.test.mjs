// What `init()` does in a page when the module's file is not what it should be, and what it costs when it is.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { fingerprint, withModuleName } from '../../../tools/name-imports.mjs';
import { launchOptions } from '../helpers/browsers/chromium.mjs';
import { workspace } from '../helpers/package/install.mjs';
import { listen } from '../servers/shared/listen.mjs';

const wasmPath = '/mcp_tether_bg.wasm';
const html = { status: 200, type: 'text/html', body: '<!doctype html><title>An application</title>' };
const missing = { status: 404, type: 'text/plain', body: 'Not Found' };

describe('loading in a page', () => {
  let server;
  let browser;
  let answers;
  let policy;
  let asked;

  before(async () => {
    server = await listen(async (request, response) => {
      const { pathname } = new URL(request.url, 'http://localhost');
      if (pathname !== '/favicon.ico') asked.push(pathname);
      if (pathname === '/control/restore') answers = {};
      if (policy) response.setHeader('Content-Security-Policy', policy);
      const { status, type, body } = answers[pathname] ?? (await fileAnswer(pathname));
      response.writeHead(status, type && { 'Content-Type': type });
      response.end(body);
    });
    browser = await chromium.launch(launchOptions);
  });

  after(async () => {
    await browser?.close();
    await server?.close();
  });

  /** Opens a page and runs `script` in it, with `name` as the entry. */
  async function inPage(script, { replaced = {}, csp, name = 'browser' } = {}) {
    answers = { '/': { status: 200, type: 'text/html', body: '<!doctype html><title>Empty</title>' }, ...replaced };
    policy = csp;
    asked = [];
    const page = await browser.newPage();
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.type() === 'warning' && complaints.push(message.text()));
    try {
      await page.goto(server.origin);
      asked = [];
      const result = await page.evaluate(
        async ([path, source]) => {
          const api = await import(path);
          const run = Object.getPrototypeOf(async () => {}).constructor;
          return run('api', 'bytes', source)(api, () => fetch('/real.wasm').then((response) => response.arrayBuffer()));
        },
        [`/${name}.js`, script],
      );
      return { result, complaints };
    } finally {
      await page.close();
    }
  }

  // A page with a policy forbids code out of strings, so these two are written out.
  async function loadUnder(csp, replaced = {}) {
    answers = { '/': { status: 200, type: 'text/html', body: '<!doctype html><title>Empty</title>' }, ...replaced };
    policy = csp;
    asked = [];
    const page = await browser.newPage();
    try {
      await page.goto(server.origin);
      return await page.evaluate(async () => {
        const { default: init, McpManager } = await import('/browser.js');
        try {
          await init();
          return { users: new McpManager({ mcpServers: {} }).getSessionStats().totalUsers };
        } catch (error) {
          return { name: error.name, code: error.code, message: error.message, cause: error.cause?.name };
        }
      });
    } finally {
      await page.close();
    }
  }

  const load = `
    await api.default();
    return new api.McpManager({ mcpServers: {} }).getSessionStats().totalUsers;
  `;

  test('one JavaScript file and the module, which is asked for before init() is called', async () => {
    const { result, complaints } = await inPage(
      "while (performance.getEntriesByType('resource').length < 2) await new Promise((resolve) => setTimeout(resolve));",
    );
    assert.equal(result, undefined);
    assert.deepEqual(complaints, []);
    assert.deepEqual(asked, ['/browser.js', wasmPath]);
    await inPage(load);
    assert.deepEqual(asked, ['/browser.js', wasmPath]);
  });

  for (const [what, answer] of Object.entries({ 404: missing, 'HTML with status 200': html })) {
    test(`${what} in place of the module: it is taken from base64.js, without a word`, async () => {
      const { result, complaints } = await inPage(load, { replaced: { [wasmPath]: answer } });
      assert.equal(result, 0);
      assert.deepEqual(complaints, []);
      assert.deepEqual(asked, ['/browser.js', wasmPath, '/base64.js']);
    });
  }

  test('HTML that calls itself a module, and a module that was cut short', async () => {
    const bytes = await readFile(join(workspace, 'pkg', wasmPath));
    for (const body of [html.body, bytes.subarray(0, 50_000)]) {
      const { result } = await inPage(load, {
        replaced: { [wasmPath]: { status: 200, type: 'application/wasm', body } },
      });
      assert.equal(result, 0);
      assert.equal(asked.at(-1), '/base64.js');
    }
  });

  test('the module of another build, out of a cache: it is taken from base64.js, without a word', async () => {
    const body = withModuleName(await readFile(join(workspace, 'pkg', wasmPath)), 'old');
    const { result, complaints } = await inPage(load, {
      replaced: { [wasmPath]: { status: 200, type: 'application/wasm', body } },
    });
    assert.equal(result, 0);
    assert.deepEqual(complaints, []);
    assert.deepEqual(asked, ['/browser.js', wasmPath, '/base64.js']);
  });

  test('each build names its imports after its glue, and links to no other', async () => {
    const [own, glue] = await Promise.all(
      ['mcp_tether_bg.wasm', 'browser.js'].map((file) => readFile(join(workspace, 'pkg', file))),
    );
    const names = new Set(WebAssembly.Module.imports(new WebAssembly.Module(own)).map(({ module }) => module));
    assert.equal(names.size, 1);
    const [name] = names;
    assert.match(name, /^[a-z]{2}$/);
    assert.ok(glue.includes(name));
    assert.notEqual(fingerprint([['a', 'b']]), fingerprint([['b', 'a']]));
    const { result } = await inPage(
      "return api.default('/old.wasm').catch(({ code, message }) => code + ': ' + message);",
      { replaced: { '/old.wasm': { status: 200, type: 'application/wasm', body: withModuleName(own, 'old') } } },
    );
    assert.match(result, /^config_error: the WebAssembly module did not load .*old/);
  });

  test('the bytes are used whatever type they are served as, with a warning', async () => {
    const body = await readFile(join(workspace, 'pkg', wasmPath));
    const { result, complaints } = await inPage(load, {
      replaced: { [wasmPath]: { status: 200, type: 'application/octet-stream', body } },
    });
    assert.equal(result, 0);
    assert.deepEqual(asked, ['/browser.js', wasmPath]);
    assert.match(complaints.join(), /compiles faster if it is served as application\/wasm/);
  });

  test('a policy that forbids WebAssembly is named, and base64.js is not loaded', async () => {
    const error = await loadUnder("script-src 'self'");
    assert.equal(error.name, 'McpError');
    assert.equal(error.code, 'config_error');
    assert.match(error.message, /'wasm-unsafe-eval'.*docs\/toolchains\.md#content-security-policy/);
    assert.deepEqual(asked.slice(-2), ['/browser.js', wasmPath]);
  });

  test('so is one where the file is missing as well', async () => {
    const error = await loadUnder("script-src 'self'", { [wasmPath]: missing });
    assert.match(error.message, /'wasm-unsafe-eval'/);
    assert.equal(asked.includes('/base64.js'), false);
  });

  test("'wasm-unsafe-eval' is enough, and so it is for base64.js where connect-src forbids the file", async () => {
    assert.deepEqual(await loadUnder("script-src 'self' 'wasm-unsafe-eval'"), { users: 0 });
    assert.equal(asked.includes('/base64.js'), false);
    assert.deepEqual(await loadUnder("script-src 'self' 'wasm-unsafe-eval'; connect-src 'none'"), { users: 0 });
    assert.equal(asked.at(-1), '/base64.js');
  });

  test('neither file is there: the error says what came, and a later init() tries again', async () => {
    const { result } = await inPage(
      `
      const error = await api.default().catch((reason) => reason);
      await fetch('/control/restore');
      await api.default();
      return [error.name, error.code, error.message, new api.McpManager({ mcpServers: {} }).getSessionStats().totalUsers];
      `,
      { replaced: { [wasmPath]: missing, '/base64.js': missing } },
    );
    assert.deepEqual([result[0], result[1], result[3]], ['McpError', 'config_error', 0]);
    assert.match(result[2], /mcp_tether_bg\.wasm answered with status 404/);
    assert.match(result[2], /docs\/toolchains\.md#the-module-did-not-load/);
    assert.equal(asked.at(-1), wasmPath);
  });

  test('init() is given another place: what is wrong with it is said, nothing else is taken', async () => {
    const { result } = await inPage(
      `
      const failures = [];
      for (const source of ['/page.wasm', new URL('/none.wasm', location.href), fetch('/page.wasm')])
        failures.push(await api.default(source).catch((error) => error.code + ': ' + error.message));
      await api.default('/real.wasm');
      return [...failures, new api.McpManager({ mcpServers: {} }).getSessionStats().totalUsers];
      `,
      { replaced: { '/page.wasm': html, '/none.wasm': missing } },
    );
    assert.match(result[0], /^config_error: .*\/page\.wasm is not a WebAssembly module \(content type text\/html/);
    assert.match(result[1], /^config_error: .*\/none\.wasm answered with status 404/);
    assert.match(result[2], /page\.wasm is not a WebAssembly module/);
    assert.equal(result[3], 0);
    assert.equal(asked.includes('/base64.js'), false);
  });

  test('the slim entry asks for nothing, and wants the module as an argument', async () => {
    const { result } = await inPage(
      `
      const error = await api.default().catch((reason) => reason);
      let early;
      try { new api.McpManager({ mcpServers: {} }); } catch (reason) { early = reason; }
      await api.default(await bytes());
      return [error.code, error.message, early.code, early.message];
      `,
      { name: 'core' },
    );
    assert.deepEqual(asked, ['/core.js', '/real.wasm']);
    assert.equal(result[0], 'config_error');
    assert.match(result[1], /mcp-tether\/slim needs the module as its argument/);
    assert.deepEqual(result.slice(2), [
      'config_error',
      'the WebAssembly module is not loaded: await init() before new McpManager()',
    ]);
  });

  test('errors of one entry are errors of the other', async () => {
    const { result } = await inPage(`
      const slim = await import('/slim.js');
      const error = new slim.McpError('no', { code: 'config_error' });
      class Own extends api.McpError {}
      return [error instanceof api.McpError, error instanceof Error, error instanceof Own, new Own('', { code: 'x' }) instanceof Own, {} instanceof api.McpError, null instanceof api.McpError];
    `);
    assert.deepEqual(result, [true, true, false, true, false, false]);
  });
});

async function fileAnswer(pathname) {
  const name = pathname === '/real.wasm' ? wasmPath : pathname;
  const types = { js: 'text/javascript', wasm: 'application/wasm' };
  try {
    return { status: 200, type: types[name.split('.').at(-1)], body: await readFile(join(workspace, 'pkg', name)) };
  } catch {
    return missing;
  }
}
