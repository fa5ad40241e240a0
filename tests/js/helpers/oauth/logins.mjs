// Logins in Chromium: before each test an authorization server with a login page, an MCP server behind it, and a browser's context of its own. The page
// and both servers are three origins.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach } from 'node:test';
import { chromium } from 'playwright-core';
import { startProtectedServer } from '../../servers/authorization/protected-server.mjs';
import { startAuthorizationServer } from '../../servers/authorization-server.mjs';
import { launchOptions, startPageServer } from '../browsers/chromium.mjs';

/** Headers of a login page that no opener may keep hold of. */
export const withOpenerPolicy = { 'Cross-Origin-Opener-Policy': 'same-origin' };

/**
 * Registers the hooks of a file of tests. What they start is in the result while a test runs.
 * @param {object} [options]
 * @param {() => Promise<{ origin: string, close(): Promise<unknown> }>} [options.serve] the pages
 * @param {Record<string, string>} [options.pageHeaders] of the login page
 * @param {string[]} [options.without] arguments that Playwright would start Chromium with, such as those that switch the pop-up blocker off
 */
export function loginsInChromium({ serve = startPageServer, pageHeaders = {}, without = [] } = {}) {
  const world = {
    /** @type {Awaited<ReturnType<typeof startAuthorizationServer>>} */
    as: undefined,
    /** @type {Awaited<ReturnType<typeof startProtectedServer>>} */
    server: undefined,
    /** @type {import('playwright-core').Browser} */
    browser: undefined,
    /** @type {import('playwright-core').BrowserContext} */
    context: undefined,
    files: undefined,
    /** The address of the application of app.mjs. */
    address: (settings = {}) =>
      `${world.files.origin}/tests/helpers/oauth/app.html?${new URLSearchParams({ server: world.server.url, ...settings })}`,
    /** Opens it. */
    async open(settings) {
      const page = await world.context.newPage();
      await page.goto(world.address(settings));
      await page.waitForFunction(() => window.ready);
      return page;
    },
    /** The login window that a click opens. */
    async windowOf(frame, { button = '#go', context = world.context } = {}) {
      const opening = context.waitForEvent('page');
      await frame.click(button);
      const login = await opening;
      await login.waitForSelector('#allow');
      return login;
    },
  };
  before(async () => {
    world.files = await serve();
    world.browser = await chromium.launch({ ...launchOptions, ignoreDefaultArgs: without });
  });
  after(async () => {
    await world.browser?.close();
    await world.files?.close();
  });
  beforeEach(async () => {
    world.as = await startAuthorizationServer({ login: 'page', pageHeaders });
    world.server = await startProtectedServer(world.as);
    world.context = await world.browser.newContext();
  });
  afterEach(async () => {
    await world.context.close();
    await world.server.close();
    await world.as.close();
  });
  return world;
}

/** Waits for words in the application's output. */
export async function shown(frame, text) {
  await frame.waitForFunction(
    (wanted) => {
      const { textContent } = document.querySelector('#result');
      return textContent.includes(wanted) || textContent.startsWith('failed');
    },
    text,
    { timeout: 60_000 },
  );
  const found = await frame.textContent('#result');
  assert.ok(found.includes(text), found);
}
