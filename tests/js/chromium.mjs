// A headless Chromium with a page from an origin of its own, which serves the package and the modules of tests/js. CHROMIUM names another browser.
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { listen } from './servers/shared/listen.mjs';
import { serveFolders } from './servers/static-files.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const packageFolder = process.env.MCP_TETHER_PACKAGE ? dirname(resolve(process.env.MCP_TETHER_PACKAGE)) : fileURLToPath(new URL('../../pkg', import.meta.url));
export const launchOptions = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--no-first-run',
  ],
};

/** Serves an empty page at `/`, the package under `/pkg/` and the tests' own modules under `/tests/`. */
export function startPageServer({ caching = 'no-store' } = {}) {
  const folders = [{ prefix: '/pkg/', folder: packageFolder }, { prefix: '/tests/', folder: here }, { prefix: '/', file: `${here}page.html` }];
  return listen(serveFolders(folders, { headers: { 'Cache-Control': caching } }));
}

/** @returns {Promise<{ page: import('playwright-core').Page, close(): Promise<void> }>} */
export async function openPage() {
  const [files, browser] = await Promise.all([startPageServer(), chromium.launch(launchOptions)]);
  const page = await browser.newPage();
  await page.goto(files.origin);
  return {
    page,
    async close() {
      await browser.close();
      await files.close();
    },
  };
}
