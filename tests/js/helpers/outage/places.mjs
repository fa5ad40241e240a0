// The hosts of an outage's client: each gives a function that takes two URLs and returns the report of drive().
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { openBrowser } from '../browsers/chromium.mjs';
import { drive } from './drive.mjs';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? resolve(process.env.MCP_TETHER_PACKAGE)
  : fileURLToPath(new URL('../../../../pkg/node.js', import.meta.url));

export async function startInNode() {
  const mcp = await import(pathToFileURL(packageEntry));
  return { mcp, drive: (url, conductor) => drive(mcp, url, conductor), close: async () => {} };
}

export async function startInChromium() {
  const browser = await openBrowser();
  return {
    async drive(url, conductor) {
      const page = await browser.newPage();
      return page.evaluate(
        async (addresses) => {
          const { default: init, ...mcp } = await import('/pkg/browser.js');
          await init();
          const driver = await import('/tests/helpers/outage/drive.mjs');
          return driver.drive(mcp, ...addresses);
        },
        [url, conductor],
      );
    },
    close: browser.close,
  };
}

export async function startInWorkerd() {
  const folder = await mkdtemp(join(tmpdir(), 'outage-'));
  await build({
    entryPoints: [fileURLToPath(new URL('./worker.mjs', import.meta.url))],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    alias: { 'mcp-tether': join(dirname(packageEntry), 'workerd.js') },
    loader: { '.wasm': 'copy' },
    logLevel: 'warning',
  });
  const miniflare = new Miniflare({
    modulesRoot: folder,
    scriptPath: join(folder, 'worker.mjs'),
    modules: true,
    compatibilityDate: '2026-04-01',
    modulesRules: [
      { type: 'ESModule', include: ['**/*.mjs'] },
      { type: 'CompiledWasm', include: ['**/*.wasm'] },
    ],
  });
  await miniflare.ready;
  return {
    async drive(url, conductor) {
      const response = await miniflare.dispatchFetch('http://localhost/', {
        method: 'POST',
        body: JSON.stringify({ url, conductor }),
      });
      if (!response.ok) throw new Error(await response.text());
      return response.json();
    },
    async close() {
      await miniflare.dispose();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
