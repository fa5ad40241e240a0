// docs/start.md as it stands: its commands in a folder beside a clone, its page in Chromium, its Worker on workerd with the settings that the page gives
// to wrangler.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, lstat, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { chromium } from 'playwright-core';
import { launchOptions } from '../helpers/browsers/chromium.mjs';
import { commandsOf, shellBlocks } from '../helpers/snippets/commands.mjs';
import { makeProject, root } from '../helpers/snippets/project.mjs';
import { startCountingServer } from '../servers/proxy/counting-server.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';
import { listen } from '../servers/shared/listen.mjs';
import { serveFolders } from '../servers/static-files.mjs';

const page = await readFile(join(root, 'docs/start.md'), 'utf8');

/** The block of the page in this language that has these words. */
function block(language, words) {
  const blocks = [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, code]) => code,
  );
  const found = blocks.find((code) => code.includes(words));
  assert.ok(found, `docs/start.md has no ${language} with ${words}`);
  return found;
}

describe('the commands of docs/start.md', () => {
  let folder;
  let server;
  const app = () => join(folder, 'app');
  const here = (code) => code.replaceAll('http://127.0.0.1:3000/mcp', server.url);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'start-'));
    await mkdir(app());
    await symlink(root, join(folder, 'mcp-tether'));
    server = await startCountingServer();
  });
  after(async () => {
    await server?.close();
    await rm(folder, { recursive: true });
  });

  /** Runs a command of a document in the application's folder: what it prints, line by line, and at its end the exit code. */
  function type(command) {
    const env = { ...process.env, npm_config_offline: 'true', npm_config_audit: 'false' };
    const child = spawn('bash', ['-c', here(command)], { cwd: app(), env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    const ended = once(child, 'close').then(([code]) => ({ code, output }));
    return {
      ended,
      async until(pattern) {
        while (!pattern.test(output)) await Promise.race([once(child.stdout, 'data'), ended.then(fail)]);
      },
    };
    function fail() {
      assert.match(output, /^$/, 'it has ended');
    }
  }

  test('install the package, and run the first program', async () => {
    const [pack, install] = (await shellBlocks('docs/start.md')).flatMap(commandsOf);
    assert.equal(pack, 'npm pack ../mcp-tether/pkg');
    for (const command of [pack, install]) assert.equal((await type(command).ended).code, 0, command);
    assert.ok(
      (await lstat(join(app(), 'node_modules/mcp-tether'))).isDirectory(),
      'a link would not do for every bundler',
    );
    await writeFile(join(app(), 'start.mjs'), here(block('ts', 'count <= 3')));
    const { code, output } = await type('node start.mjs').ended;
    assert.equal(code, 0);
    assert.match(output, /^call 1 (\S{8})\ncall 2 \1\ncall 3 \1$/m);
  });

  test('run the second program, whose server is restarted for longer than calls wait by default', async () => {
    const program = here(block('ts', 'count <= 60'));
    // A minute would be long; the waits of the client are those of the page.
    await writeFile(join(app(), 'break.mjs'), program.replace('resolve, 1000', 'resolve, 20'));
    const running = type('node break.mjs');
    await running.until(/^call 3 /m);
    await server.restart(5_000);
    const { code, output } = await running.ended;
    assert.equal(code, 0);
    const lines = [...output.matchAll(/^call (\d+) (\S{8})$/gm)];
    assert.deepEqual(
      lines.map(([, number]) => Number(number)),
      Array.from({ length: 60 }, (_, index) => index + 1),
    );
    assert.equal(new Set(lines.map(([, , session]) => session)).size, 2);
  });

  test('check the server for pages', async () => {
    const [doctor] = (await shellBlocks('docs/cors.md')).flatMap(commandsOf);
    assert.match(doctor, /^npx mcp-tether doctor /);
    const { code, output } = await type(doctor).ended;
    assert.equal(code, 0, output);
    assert.match(output, /✓ cors .* pages of https:\/\/app\.example can send all requests/);
  });

  test('show the answer in a page without a bundler', async () => {
    await cp(join(root, 'pkg'), join(app(), 'pkg'), { recursive: true });
    await writeFile(join(app(), 'index.html'), here(block('html', 'pkg/browser.js')));
    const files = await listen(serveFolders([{ prefix: '/', folder: app() }], { headers: {} }));
    const browser = await chromium.launch(launchOptions);
    try {
      const tab = await browser.newPage();
      await tab.goto(`${files.origin}/`);
      await tab.waitForFunction(() => document.body.textContent === 'hello');
    } finally {
      await browser.close();
      await files.close();
    }
  });
});

describe('the Worker of docs/start.md', () => {
  let project;
  let server;
  let miniflare;

  before(async () => {
    const worker = block('ts', 'export default {');
    const settings = block('toml', 'compatibility_date');
    const setting = (name) => new RegExp(`\\b${name} = "([^"]*)"`).exec(settings)[1];
    server = await startSdkServer({ mode: 'stateful' });
    project = await makeProject();
    const folder = join(project.folder, 'built');
    await mkdir(folder);
    await project.write(setting('main'), worker);
    await cp(join(root, 'pkg/mcp_tether_bg.wasm'), join(folder, 'mcp_tether_bg.wasm'));
    await build({
      entryPoints: [join(project.folder, setting('main'))],
      outfile: join(folder, 'worker.mjs'),
      bundle: true,
      format: 'esm',
      target: 'es2022',
      conditions: ['workerd', 'worker', 'browser'],
      external: ['cloudflare:*', 'node:*', '*.wasm'],
      preserveSymlinks: true,
      logLevel: 'error',
    });
    miniflare = new Miniflare({
      modulesRoot: folder,
      scriptPath: join(folder, 'worker.mjs'),
      modules: true,
      modulesRules: [
        { type: 'ESModule', include: ['**/*.mjs'] },
        { type: 'CompiledWasm', include: ['**/*.wasm'] },
      ],
      compatibilityDate: setting('compatibility_date'),
      bindings: { NOTES_URL: server.url },
      durableObjects: { NOTES: { className: setting('class_name'), useSQLite: true } },
    });
  });
  after(async () => {
    await miniflare?.dispose();
    await server?.close();
    await project?.remove();
  });

  // As the page's curl does.
  const say = async (message) => {
    const answer = await miniflare.dispatchFetch(`http://worker.example/?say=${message}`);
    assert.equal(answer.status, 200);
    return (await answer.json()).content[0].text;
  };

  test('answers, on one session, and after a restart of the server on the next', async () => {
    assert.equal(await say('one'), 'one');
    assert.equal(await say('two'), 'two');
    assert.equal(server.counts.initialize, 1);
    const { port } = server;
    await server.close();
    server = await startSdkServer({ mode: 'stateful', port });
    assert.equal(await say('three'), 'three');
    assert.equal(server.counts.initialize, 1);
  });
});
