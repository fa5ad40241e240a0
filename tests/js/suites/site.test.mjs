// The documents as a site: every link and anchor in it leads somewhere, and it works from any folder. What takes longer is in site.all.mjs.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openVisitor } from '../helpers/page/visitor.mjs';
import { buildDocuments, folder, readPages, serveDocuments } from '../helpers/site.mjs';

const prefix = '/some/project/docs/';
let pages;
let files;

before(async () => {
  await buildDocuments();
  pages = await readPages();
  files = await serveDocuments(prefix);
});
after(() => files?.close());

/** Not on another server, and not of the demo page beside the documents. */
const isOfTheSite = (address) => !/^(?:[a-z][\w+.-]*:|\.\.\/)/i.test(address);

function problemOf(name, address) {
  const [path, anchor] = address.replace(/^\.\//, '').split('#');
  const target = path || (address.startsWith('#') && name) || 'index.html';
  const page = pages.get(target);
  if (!page && !existsSync(join(folder, target))) return `${name}: ${address} has no target`;
  return anchor && page && !page.ids.has(decodeURIComponent(anchor)) ? `${name}: ${address} has no anchor` : undefined;
}

describe('its files', () => {
  test('each link leads to a page, and each anchor to an element with that id', () => {
    const broken = [...pages].flatMap(([name, { addresses }]) =>
      addresses.filter(isOfTheSite).map((address) => problemOf(name, address)),
    );
    assert.deepEqual(broken.filter(Boolean), []);
  });

  test('no address begins at the root, and none is of the machine that built it', () => {
    for (const [name, { addresses, html }] of pages) {
      assert.deepEqual(
        addresses.filter((address) => address.startsWith('/')),
        [],
        name,
      );
      assert.ok(!html.includes('/__docs__/'), name);
    }
  });

  test('the sidebar leads to every page', () => {
    const [, sidebar] = /<aside class="VPSidebar"([\s\S]*?)<\/aside>/.exec(pages.get('index.html').html);
    const linked = new Set([...sidebar.matchAll(/href="\.\/([\w.-]*)"/g)].map(([, page]) => page || 'index.html'));
    assert.deepEqual(
      [...pages.keys()].filter((name) => !linked.has(name)),
      [],
    );
  });

  test('the reference has the entries of the package with what they export', () => {
    assert.match(pages.get('api-index.html').html, /id="mcpmanager"/);
    assert.match(pages.get('api-oauth.html').html, /id="oauth/);
    assert.match(pages.get('api-page.html').html, /id="attachtopage"/);
  });

  test('the licences of what is shipped are with it', async () => {
    const notices = await readFile(join(folder, 'THIRD-PARTY-NOTICES'), 'utf8');
    for (const name of ['vitepress', '@vue/runtime-dom', 'minisearch'])
      assert.match(notices, new RegExp(`^${name} \\d`, 'm'));
  });
});

describe('in a browser, from a folder', () => {
  let visitor;

  before(async () => {
    visitor = await openVisitor(`${files.url}errors.html#outcome_unknown`);
  });
  after(() => visitor?.close());

  test('an anchor of an error code is scrolled to', async () => {
    await visitor.until(() => {
      const { top } = document.getElementById('outcome_unknown').getBoundingClientRect();
      return top >= 0 && top < innerHeight;
    });
  });

  test('a link opens the next page without a reload', async () => {
    await visitor.page.evaluate(() => {
      globalThis.isSame = true;
    });
    await visitor.page.locator('.VPSidebar a', { hasText: 'Events and metrics' }).click();
    await visitor.untilText('h1', /Events and metrics/);
    assert.equal(new URL(visitor.page.url()).pathname, `${prefix}events.html`);
    assert.equal(await visitor.page.evaluate(() => globalThis.isSame), true);
  });

  test('the search finds a setting and opens its section', async () => {
    await visitor.page.keyboard.press('Control+k');
    await visitor.page.locator('.VPLocalSearchBox input').fill('maxStreamsPerOrigin');
    await visitor.page.locator('.VPLocalSearchBox .result').first().waitFor();
    await visitor.page.keyboard.press('Enter');
    await visitor.page.locator('.VPLocalSearchBox').waitFor({ state: 'detached' });
    await visitor.until(() => document.querySelector('main').textContent.includes('maxStreamsPerOrigin'));
    assert.ok(new URL(visitor.page.url()).pathname.startsWith(prefix));
  });

  test('the generator writes the lines for an origin, and refuses what is none', async () => {
    await visitor.page.locator('.VPSidebar a', { hasText: 'CORS' }).click();
    const form = visitor.page.locator('.cors-generator');
    await form.locator('select').selectOption({ label: 'Express' });
    await form.locator('input').fill('http://localhost:5173/page?query');
    assert.match(await form.locator('pre').innerText(), /origin: 'http:\/\/localhost:5173',/);
    await form.locator('input').fill('not an origin');
    assert.match(await form.locator('[role=status]').innerText(), /enter the address of your page/);
    assert.equal(await form.locator('pre').innerText(), '');
  });

  test('nothing failed to load', () => assert.deepEqual(visitor.complaints(), []));
});

describe('on a phone', () => {
  const isRunning = () => Boolean(document.querySelector('#app').__vue_app__);
  const opened = async (context, name) => {
    const visitor = await openVisitor(`${files.url}${name}`, { viewport: { width: 360, height: 800 }, hasTouch: true });
    context.after(visitor.close);
    // Were it to start by itself, it would do so now.
    await visitor.page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve)));
    return visitor;
  };

  test('a page is read without its program', async (context) => {
    const visitor = await opened(context, 'errors.html');
    await visitor.page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    assert.match(await visitor.text('main'), /What to do\./);
    assert.equal(await visitor.page.evaluate(isRunning), false);
    assert.equal(await visitor.page.locator('link[rel=modulepreload]').count(), 0);
  });

  test('entries of the reference are laid out when they come into view, or are linked', async (context) => {
    const visitor = await opened(context, 'api-index.html');
    const isLaidOut = (id) =>
      visitor.page.evaluate(
        (name) => document.getElementById(name).checkVisibility({ contentVisibilityAuto: true }),
        id,
      );
    const { entries, headings } = await visitor.page.evaluate(() => ({
      entries: document.querySelectorAll('main .entry').length,
      headings: document.querySelectorAll('main .entry > h3').length,
    }));
    assert.ok(entries > 50 && entries === headings, `${entries} entries, ${headings} headings`);
    assert.equal(await isLaidOut('sessioneventmap'), false);
    await visitor.page.locator('main a[href$="#sessioneventmap"]:not(.header-anchor)').first().tap();
    // Below the bar, which stays at the top.
    await visitor.until(() => {
      const { top } = document.getElementById('sessioneventmap').getBoundingClientRect();
      return top > 40 && top < 200;
    });
    assert.equal(await isLaidOut('sessioneventmap'), true);
    await visitor.until(isRunning);
    assert.equal(await isLaidOut('mcperror'), true, 'the program needs the whole layout');
  });

  test('the first tap opens the search, and the next page comes without a reload', async (context) => {
    const visitor = await opened(context, 'errors.html');
    await visitor.page.locator('.VPNavBarSearch button').tap();
    await visitor.page.locator('.VPLocalSearchBox input').fill('maxStreamsPerOrigin');
    await visitor.page.locator('.VPLocalSearchBox .result').first().tap();
    await visitor.until(() => document.querySelector('main').textContent.includes('maxStreamsPerOrigin'));
    assert.equal(await visitor.page.evaluate(isRunning), true);
  });

  test('the first tap opens the menu', async (context) => {
    const visitor = await opened(context, 'errors.html');
    await visitor.page.locator('.VPLocalNav .menu').tap();
    await visitor.page.locator('.VPSidebar.open').waitFor();
  });

  test('the first tap opens the outline', async (context) => {
    const visitor = await opened(context, 'errors.html');
    const button = visitor.page.locator('.VPLocalNavOutlineDropdown > button');
    assert.equal(await button.innerText(), 'On this page');
    await button.tap();
    await visitor.page.locator('.VPLocalNavOutlineDropdown .items a', { hasText: 'Calls' }).waitFor();
    assert.deepEqual(visitor.complaints(), []);
  });

  test('the first key opens the search', async (context) => {
    const visitor = await opened(context, 'errors.html');
    await visitor.page.keyboard.press('/');
    await visitor.page.locator('.VPLocalSearchBox input').waitFor();
  });

  test('the first tap into the generator starts it', async (context) => {
    const visitor = await opened(context, 'cors.html');
    const form = visitor.page.locator('.cors-generator');
    await form.locator('input').tap();
    await visitor.until(isRunning);
    await form.locator('input').fill('http://localhost:5173/');
    assert.match(await form.locator('pre').innerText(), /http:\/\/localhost:5173/);
  });
});
