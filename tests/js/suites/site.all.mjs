// The documents and the demo page for everyone: axe, widths, zoom, forced colours, keyboard, and Lighthouse.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import lighthouse, { desktopConfig } from 'lighthouse';
import { chromium } from 'playwright-core';
import { bundleOfficialClient } from '../../../tools/bundle-official-client.mjs';
import { launchOptions } from '../helpers/browsers/chromium.mjs';
import { buildDocuments, folder, readPages, serveCompressed } from '../helpers/site.mjs';
import { findFreePort } from '../servers/shared/listen.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const folderOf = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
// 720 pixels are what a window of 1440 has at a zoom of 200 %.
const widths = [360, 720, 768, 1440, 1920];
// The index of the API reference is large: on a busy machine axe takes a minute there, and Lighthouse three.
const patience = { timeout: 900_000 };
let files;
let browser;
let port;
let pages;

before(async () => {
  await Promise.all([buildDocuments(), bundleOfficialClient()]);
  pages = [...(await readPages()).keys()];
  files = await serveCompressed([
    { prefix: '/site/docs/', folder },
    { prefix: '/site/pkg/', folder: folderOf('pkg') },
    { prefix: '/site/', folder: folderOf('www') },
  ]);
  port = await findFreePort();
  browser = await chromium.launch({
    ...launchOptions,
    args: [...launchOptions.args, `--remote-debugging-port=${port}`],
  });
});
after(async () => {
  await browser?.close();
  await files?.close();
});

/** Opens pages of the documents, one after another, in one tab. */
async function visit(names, options, work) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  try {
    const page = await context.newPage();
    for (const name of names) {
      await page.goto(`${files.origin}/site/docs/${name}`, { waitUntil: 'networkidle', timeout: 120_000 });
      await work(page, name);
    }
  } finally {
    await context.close();
  }
}

async function expectNoViolation(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target}: ${failureSummary}`),
  );
  assert.deepEqual(found, [], name);
}

test('axe finds nothing on any page, and none is wider than its window', () =>
  visit(pages, { colorScheme: 'light' }, async (page, name) => {
    await expectNoViolation(page, name);
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(excess <= 0, `${name} is ${excess} pixels wider than ${width}`);
    }
  }));

const plain = ['index', 'errors', 'cors', 'when', 'api-index'].map((name) => `docs/${name}.html`);
for (const path of [...plain, 'index.html', 'doctor.html', 'trace.html', 'live.html', 'login.html'])
  test(`axe finds nothing on ${path} before a script runs`, patience, async () => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.route('**/*', (route) =>
      route.request().resourceType() === 'script' ? route.abort() : route.continue(),
    );
    await page.goto(`${files.origin}/site/${path}`);
    await expectNoViolation(page, path);
    await page.close();
  });

const some = ['index.html', 'errors.html', 'cors.html', 'settings.html', 'api-page.html'];
for (const [where, options] of Object.entries({
  'in the dark': { colorScheme: 'dark' },
  'on a phone': { viewport: { width: 360, height: 800 } },
  'in forced colours': { forcedColors: 'active' },
}))
  test(`axe finds nothing ${where}`, () => visit(some, options, expectNoViolation));

test('by keyboard: the first stop skips to the content, the search opens and closes', () =>
  visit(['errors.html'], {}, async (page) => {
    await page.keyboard.press('Tab');
    assert.match(await page.evaluate(() => document.activeElement.textContent), /skip/i);
    await page.keyboard.press('Control+k');
    await page.locator('.VPLocalSearchBox input').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.VPLocalSearchBox').waitFor({ state: 'detached' });
  }));

test('a live lane is opened in place, and plays the fault of its section', () =>
  visit(['when.html'], {}, async (page) => {
    assert.equal(await page.locator('iframe').count(), 0, 'nothing is loaded before');
    await page.getByRole('button', { name: 'Watch it live' }).nth(1).click();
    const lane = page.frameLocator('.live-lane iframe');
    await lane.locator('#story[data-played="forget"]').waitFor({ timeout: 90_000 });
    assert.match(
      await lane.locator('#sentence').innerText(),
      /^The session was gone\. One handshake, .*none ran twice/,
    );
  }));

// Its score for performance depends on what else the machine does; it is printed, and what it depends on otherwise is checked.
describe('Lighthouse gives 95 or more, and pages are light and do not move', () => {
  const checked = ['accessibility', 'best-practices', 'seo'];
  for (const path of ['', 'docs/index.html', 'docs/errors.html', 'docs/cors.html', 'docs/api-index.html'])
    for (const [form, config] of [
      ['phone', undefined],
      ['desktop', desktopConfig],
    ])
      test(`${path || 'the demo page'}, ${form}`, patience, async (context) => {
        const flags = { port, onlyCategories: ['performance', ...checked], logLevel: 'error' };
        const { lhr } = await lighthouse(`${files.origin}/site/${path}`, flags, config);
        const scores = Object.entries(lhr.categories).map(([id, { score }]) => [id, Math.round(score * 100)]);
        context.diagnostic(JSON.stringify(Object.fromEntries(scores)));
        for (const [id, score] of scores) assert.ok(!checked.includes(id) || score >= 95, `${id}: ${score}`);
        assert.ok(lhr.audits['cumulative-layout-shift'].numericValue < 0.1);
        assert.ok(lhr.audits['total-byte-weight'].numericValue < 600_000);
      });
});
