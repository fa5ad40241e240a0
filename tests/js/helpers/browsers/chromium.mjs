// A headless Chromium with a page from an origin of its own, which serves the package and the modules of tests/js.
// CHROMIUM names another browser.
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { listen } from '../../servers/shared/listen.mjs';
import { serveFolders } from '../../servers/static-files.mjs';

const testsFolder = fileURLToPath(new URL('../../', import.meta.url));
const emptyPage = fileURLToPath(new URL('page.html', import.meta.url));
const packageFolder = process.env.MCP_TETHER_PACKAGE
  ? dirname(resolve(process.env.MCP_TETHER_PACKAGE))
  : fileURLToPath(new URL('../../../../pkg', import.meta.url));
export const launchOptions = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
  ],
};

/** Serves an empty page at `/`, the package under `/pkg/` and the tests' own modules under `/tests/`. */
export function startPageServer({ caching = 'no-store' } = {}) {
  const folders = [
    { prefix: '/pkg/', folder: packageFolder },
    { prefix: '/tests/', folder: testsFolder },
    { prefix: '/', file: emptyPage },
  ];
  return listen(serveFolders(folders, { headers: { 'Cache-Control': caching } }));
}

/**
 * Starts the browser and the page server. Each page has a context of its own: it shares no cache and no connection with
 * another.
 * @returns {Promise<{ newPage(): Promise<import('playwright-core').Page>, close(): Promise<void> }>}
 */
export async function openBrowser() {
  const files = await startPageServer();
  const browser = await chromium.launch(launchOptions).catch(async (error) => {
    await files.close();
    throw error;
  });
  return {
    async newPage() {
      const page = await browser.newPage();
      await page.goto(files.origin);
      return page;
    },
    async close() {
      await browser.close();
      await files.close();
    },
  };
}

/** @returns {Promise<{ page: import('playwright-core').Page, close(): Promise<void> }>} */
export async function openPage() {
  const browser = await openBrowser();
  return { page: await browser.newPage(), close: browser.close };
}
