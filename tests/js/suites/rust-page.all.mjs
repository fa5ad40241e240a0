// A page in Rust with the crate's client (examples/rust-page), in Chromium, with a server that is restarted in the middle.
import assert from 'node:assert/strict';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { launchOptions } from '../helpers/browsers/chromium.mjs';
import { buildWithWasmPack, makeFolder, root, typed } from '../helpers/rust/build.mjs';
import { commandsOf, shellBlocks } from '../helpers/snippets/commands.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';
import { listen } from '../servers/shared/listen.mjs';
import { serveFolders } from '../servers/static-files.mjs';

describe('a page in Rust', () => {
  let output;
  let files;
  let browser;
  let server;

  before(async () => {
    output = await makeFolder();
    await buildWithWasmPack('rust-page', output.folder);
    const folders = [
      { prefix: '/pkg/', folder: output.folder },
      { prefix: '/', file: join(root, 'examples/rust-page/index.html') },
    ];
    files = await listen(serveFolders(folders, { headers: { 'Cache-Control': 'no-store' } }));
    browser = await chromium.launch(launchOptions);
  });
  after(async () => {
    await browser?.close();
    await files?.close();
    await server?.close();
    await output?.remove();
  });

  test('goes on after its server was restarted', async () => {
    server = await startSdkServer();
    const page = await browser.newPage();
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${files.origin}/?mcp=${encodeURIComponent(server.url)}`);
    const shows = (id, text) => page.locator(`#${id}`, { hasText: text }).waitFor({ timeout: 30_000 });
    await shows('state', 'ready');
    assert.ok(Number(await page.locator('#tools').textContent()) > 0);

    await page.click('#call');
    await shows('answer', 'hello from Rust');
    await shows('generation', '1');

    const { port } = server;
    await server.close();
    server = await startSdkServer({ port });
    await page.click('#call');
    await shows('generation', '2');
    await shows('answer', 'hello from Rust');
    await shows('state', 'ready');
    assert.equal(server.counts.initialize, 1);
    assert.deepEqual(complaints, []);
  });

  test('shows the error of a server that never answers as MCP', async () => {
    const page = await browser.newPage();
    await page.goto(`${files.origin}/?mcp=${encodeURIComponent(`${files.origin}/pkg/`)}`);
    await page.locator('#state', { hasText: /^\w+_\w+: / }).waitFor({ timeout: 30_000 });
  });
});

test('docs/rust.md as typed: the page shows the answer', async (context) => {
  const place = await makeFolder();
  const browser = await chromium.launch(launchOptions);
  const server = await startSdkServer();
  context.after(() => Promise.all([place.remove(), browser.close(), server.close()]));
  const text = await readFile(join(root, 'docs/rust.md'), 'utf8');
  const block = (language) => new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text)[1];
  const [create, build] = (await shellBlocks('docs/rust.md')).map((lines) => commandsOf(lines).join('\n'));
  const project = join(place.folder, 'notes');

  await symlink(root, join(place.folder, 'mcp-tether'));
  await typed(create, place.folder);
  await writeFile(join(project, 'Cargo.toml'), block('toml'), { flag: 'a' });
  await writeFile(join(project, 'src/lib.rs'), block('rust'));
  await typed(build.replace('wasm-pack build', 'wasm-pack build --mode no-install'), project);
  await writeFile(join(project, 'index.html'), block('html').replace('http://127.0.0.1:3000/mcp', server.url));

  const files = await listen(serveFolders([{ prefix: '/', folder: project }], { headers: {} }));
  context.after(files.close);
  const page = await browser.newPage();
  await page.goto(`${files.origin}/`);
  await page.waitForFunction(() => document.body.textContent === 'hello');
  assert.equal(server.counts.initialize, 1);
});

describe('the programs of docs/rust.md in new projects', async () => {
  const text = await readFile(join(root, 'docs/rust.md'), 'utf8');
  const [lines] = await shellBlocks('docs/rust.md');
  const dependencies = commandsOf(lines).filter((command) => command.startsWith('cargo add '));

  test('the page: what an editor checks, without a target, compiles', async (context) => {
    const place = await makeFolder();
    context.after(place.remove);
    const [, section] = text.split('E0432');
    const [, config] = /^```toml\n([\s\S]*?)^```$/m.exec(section);
    const [, program] = /^```rust\n([\s\S]*?)^```$/m.exec(text);
    const project = join(place.folder, 'notes');

    await symlink(root, join(place.folder, 'mcp-tether'));
    await typed('cargo new --lib notes && mkdir notes/.cargo', place.folder);
    await typed(dependencies.join('\n'), project);
    await writeFile(join(project, 'src/lib.rs'), program);
    await assert.rejects(typed('cargo check', project), /E0432/);
    await writeFile(join(project, '.cargo/config.toml'), config);
    await typed('cargo check', project);
  });

  for (const framework of ['Leptos', 'Yew'])
    test(`${framework}: compiles`, async (context) => {
      const place = await makeFolder();
      context.after(place.remove);
      const [, section] = text.split(`### ${framework}\n`);
      const [, add] = /`(cargo add [^`]*)`/.exec(section);
      const [, program] = /^```rust\n([\s\S]*?)^```$/m.exec(section);
      const project = join(place.folder, 'hello');

      await symlink(root, join(place.folder, 'mcp-tether'));
      await typed('cargo new hello', place.folder);
      await typed([...dependencies, add].join('\n'), project);
      await writeFile(join(project, 'src/main.rs'), program);
      await typed('cargo check --target wasm32-unknown-unknown', project);
    });
});
