// A visitor of the demo page in Chromium: presses its buttons, reads the page, and records the browser's errors.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { test as runTest } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { launchOptions } from '../browsers/chromium.mjs';

const artifacts = fileURLToPath(new URL('../../../../artifacts/', import.meta.url));
const patience = { timeout: 90_000 };

/**
 * Opens the page and waits until it can be used.
 * @param {string} url
 * @param {import('playwright-core').BrowserContextOptions} [options]
 * @param {import('playwright-core').LaunchOptions} [launch]
 */
export async function openVisitor(url, options = {}, launch = {}) {
  await mkdir(artifacts, { recursive: true });
  const browser = await chromium.launch({ ...launchOptions, ...launch });
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(patience.timeout);
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()} (${message.location().url})`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      console.error(`CSP violation: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  await page.goto(url);

  const visitor = {
    page,
    context,
    text: async (selector) => (await page.locator(selector).innerText()).trim(),
    until: (check, argument) => page.waitForFunction(check, argument, patience),
    untilText: (selector, pattern) =>
      visitor.until(
        ([where, source]) => new RegExp(source, 's').test(document.querySelector(where).innerText),
        [selector, pattern],
      ),
    untilState: (state) =>
      visitor.until((wanted) => document.querySelector('#session-state').textContent.trim() === wanted, state),
    untilLogged: (pattern, times = 1) =>
      visitor.until(
        ([source, wanted]) =>
          [...document.querySelector('#log').innerText.matchAll(new RegExp(source, 'g'))].length >= wanted,
        [pattern, times],
      ),
    logged: (pattern) =>
      page
        .locator('#log')
        .innerText()
        .then((log) => [...log.matchAll(new RegExp(pattern, 'g'))].length),
    /**
     * Presses a button, and waits until everything that it started has ended, as long as `progress` returns something new; returns the result.
     * @param {string} id
     * @param {() => Promise<unknown>} [progress]
     */
    async press(id, progress) {
      await page.evaluate(() => {
        document.querySelector('#result').dataset.kind = 'pressed';
      });
      await page.locator(`#${id}:enabled`).click();
      const isDone = () => {
        const { kind } = document.querySelector('#result').dataset;
        const busy = document.querySelector('#result').dataset.busy !== undefined;
        return !busy && kind !== 'busy' && kind !== 'pressed';
      };
      for (let before, now; ; before = now) {
        try {
          await visitor.until(isDone);
          break;
        } catch (error) {
          now = await progress?.();
          if (now === before) throw error;
        }
      }
      return visitor.text('#result');
    },
    async connect() {
      await page.locator('#connect-a:enabled').waitFor();
      const result = await visitor.press('connect-a');
      assert.match(result, /is connected/);
      await visitor.untilState('ready');
    },
    screenshot: (name) => page.screenshot({ path: `${artifacts}page-${name}.png`, fullPage: true }),
    /**
     * Chromium itself logs an error for every failed fetch; failed fetches from the MCP servers are expected. And a
     * manager of a snippet's own writes its log to the console.
     */
    complaints(...servers) {
      // The first screen's official client has another host's connections.
      const hosts = servers.flatMap((server) => [server, server.replace('//127.0.0.1', '//localhost')]);
      return complaints.filter(
        (complaint) =>
          !complaint.startsWith('console: [MCP]') &&
          !(complaint.includes('Failed to load resource') && hosts.some((host) => complaint.includes(host))),
      );
    },
    close: () => browser.close(),
  };
  return visitor;
}

/** Steps that build on each other: after one has failed, the rest are skipped. */
export function steps() {
  let failed;
  return (name, step) =>
    runTest(name, async (context) => {
      if (failed) return context.skip(`after the failure of "${failed}"`);
      failed = name;
      await step();
      failed = undefined;
      return undefined;
    });
}
