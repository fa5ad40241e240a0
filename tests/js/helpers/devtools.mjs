// The example of the devtools under the strictest policy, with a real server, and the viewer of the demo, in Chromium.
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { startSdkServer } from '../servers/sdk-server.mjs';
import { listen } from '../servers/shared/listen.mjs';
import { serveFolders } from '../servers/static-files.mjs';
import { launchOptions } from './browsers/chromium.mjs';
import { makeProject, root } from './snippets/project.mjs';

const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' http://127.0.0.1:*; img-src data:; require-trusted-types-for 'script'";

export const rows = (page) => page.locator('mcp-tether-devtools .log .row');
export const countOf = async (page) => Number((await page.locator('.count').innerText()).replace(/\D/g, ''));
export const traceOf = (page) => page.evaluate(() => document.querySelector('mcp-tether-devtools').trace);

/** Starts all of it. `close` ends it. */
export async function openExample() {
  const server = await startSdkServer({ eventStore: true });
  const project = await makeProject();
  const site = await bundled(project.folder);
  const pkg = { prefix: '/pkg/', folder: join(root, 'pkg') };
  const strict = { headers: { 'Content-Security-Policy': policy } };
  const files = await listen(serveFolders([pkg, { prefix: '/', folder: site }], strict));
  const viewer = await listen(serveFolders([pkg, { prefix: '/', folder: join(root, 'www') }], { headers: {} }));
  const browser = await chromium.launch(launchOptions);

  /** The example, with what its policy or its scripts complain about. */
  async function open(hash = '#devtools', options = {}) {
    const page = await browser.newPage({ viewport: { width: 1100, height: 800 }, ...options });
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (/policy|Trusted/i.test(message.text())) complaints.push(message.text());
    });
    await page.goto(`${files.origin}/index.html?mcp=${encodeURIComponent(server.url)}${hash}`);
    return { page, complaints };
  }

  /** A trace of `n` events: those of a real one, repeated later and later. */
  async function longTrace(n) {
    const { page } = await open();
    await page.locator('#call').click();
    await page.locator('#answer', { hasText: 'hello' }).waitFor();
    const trace = await traceOf(page);
    await page.close();
    return repeated(trace, n);
  }

  async function close() {
    await browser.close();
    await files.close();
    await viewer.close();
    await server.close();
    await project.remove();
  }

  return { browser, viewer, server, open, longTrace, close };
}

async function bundled(folder) {
  const site = join(folder, 'site');
  await cp(join(root, 'examples/devtools'), join(folder, 'src'), { recursive: true });
  await build({
    entryPoints: [join(folder, 'src/app.js')],
    outdir: site,
    bundle: true,
    splitting: true,
    format: 'esm',
    preserveSymlinks: true,
    logLevel: 'error',
  });
  await cp(join(root, 'pkg/mcp_tether_bg.wasm'), join(site, 'mcp_tether_bg.wasm'));
  await cp(join(root, 'examples/devtools/index.html'), join(site, 'index.html'));
  return site;
}

function repeated(trace, n) {
  const span = trace.events.at(-1).at - trace.events[0].at + 50;
  const events = Array.from({ length: n }, (_, i) => {
    const round = Math.floor(i / trace.events.length);
    const event = trace.events[i % trace.events.length];
    const requestId = event.requestId === undefined ? {} : { requestId: event.requestId + 1_000 * round };
    return { ...event, ...requestId, at: event.at + round * span };
  });
  return { ...trace, events };
}
