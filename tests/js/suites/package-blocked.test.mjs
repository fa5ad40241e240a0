// Node's entry where WebAssembly cannot be compiled: in workerd, as it comes with a bundle made for Node (OpenNext), and in `node --jitless`.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { installPackage } from '../helpers/package/install.mjs';

const run = promisify(execFile);

// A page that is rendered on a server imports the package and uses nothing of it.
const rendering = `
import init, { McpManager } from 'mcp-tether';

export async function render() {
  const html = '<main>' + typeof McpManager + '</main>';
  const errors = [];
  const use = [() => init(), () => new McpManager({ mcpServers: { notes: { url: 'http://127.0.0.1/mcp' } } })];
  for (const attempt of use)
    try {
      await attempt();
    } catch ({ code, message, cause }) {
      errors.push({ code, message, cause: cause.name });
    }
  return JSON.stringify({ html, errors });
}
`;

function check({ html, errors }, cause) {
  assert.equal(html, '<main>function</main>');
  assert.equal(errors.length, 2);
  for (const error of errors) {
    assert.equal(error.code, 'config_error');
    assert.match(
      error.message,
      /^WebAssembly is blocked here; a bundle for Workers needs the condition workerd, see docs/,
    );
    assert.equal(error.cause, cause);
  }
}

describe('Node’s entry where WebAssembly is blocked: the import is no error, its use is one', () => {
  let installed;
  const file = (name) => join(installed.project, name);

  before(async () => {
    installed = await installPackage();
    await writeFile(file('rendering.js'), rendering);
    await writeFile(file('command.js'), "import { render } from './rendering.js';\nconsole.log(await render());\n");
    // On the first request, as OpenNext loads a route: while a Worker starts, workerd compiles modules.
    const worker =
      "export default { fetch: async () => new Response(await (await import('./rendering.js')).render()) };";
    await writeFile(file('page.js'), worker);
  });

  after(() => installed?.remove());

  test('workerd', async () => {
    await build({
      absWorkingDir: installed.project,
      entryPoints: ['page.js'],
      outfile: 'bundled.mjs',
      bundle: true,
      format: 'esm',
      platform: 'node',
    });
    const miniflare = new Miniflare({
      modules: true,
      modulesRoot: installed.project,
      scriptPath: file('bundled.mjs'),
      compatibilityDate: '2026-04-01',
      compatibilityFlags: ['nodejs_compat'],
    });
    try {
      const response = await miniflare.dispatchFetch('http://localhost/');
      const text = await response.text();
      assert.equal(response.status, 200, text);
      check(JSON.parse(text), 'CompileError');
    } finally {
      await miniflare.dispose();
    }
  });

  test('node --jitless', async () => {
    const { stdout } = await run(process.execPath, ['--jitless', '--no-warnings', 'command.js'], {
      cwd: installed.project,
    });
    check(JSON.parse(stdout.trim().split('\n').at(-1)), 'ReferenceError');
  });

  test('a host without WebAssembly, such as Hermes or Lockdown Mode: the policy is not blamed', async () => {
    const program = `
      delete globalThis.WebAssembly;
      const { default: init } = await import('mcp-tether/slim');
      console.log(await init(new Uint8Array(8)).catch(({ code, message }) => code + ': ' + message));
    `;
    await writeFile(file('without.mjs'), program);
    const { stdout } = await run(process.execPath, ['--no-warnings', 'without.mjs'], { cwd: installed.project });
    assert.equal(
      stdout,
      'config_error: the WebAssembly module did not load (WebAssembly is not defined), see docs/toolchains.md#the-module-did-not-load\n',
    );
  });

  test('the module that init() is given afterwards is used', async () => {
    // A host that compiles nothing at first.
    const program = `
      const { Module } = WebAssembly;
      WebAssembly.Module = class { constructor() { throw new WebAssembly.CompileError('not yet'); } };
      const { default: init, McpManager } = await import('mcp-tether');
      WebAssembly.Module = Module;
      const { readFile } = await import('node:fs/promises');
      await init(await readFile(new URL(import.meta.resolve('mcp-tether/wasm'))));
      const manager = new McpManager({ mcpServers: {} });
      await manager.close();
      console.log('closed');
    `;
    await writeFile(file('later.mjs'), program);
    const { stdout } = await run(process.execPath, ['--no-warnings', 'later.mjs'], { cwd: installed.project });
    assert.equal(stdout, 'closed\n');
  });
});
