// The first screen of the demo page with the real server of `make demo`: what it says is what the server counted. The simulated one: page-story.all.mjs.
// Starts first: its calls are made each second, for three minutes.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { storyFaults } from '../../../www/story/faults.js';
import { beatsAgree, countsOf, play, played, stories } from '../helpers/page/story.mjs';
import { openVisitor } from '../helpers/page/visitor.mjs';
import { startDemo } from '../servers/demo.mjs';

const calm = { reducedMotion: 'reduce' };
let demo;

before(async () => {
  demo = await startDemo({ port: 0 });
});

after(() => demo?.close());

const counts = () => countsOf(demo.story.controlUrl);

describe('each fault', () => {
  let visitor;
  before(async () => {
    visitor = await openVisitor(demo.pageUrl, calm);
    await visitor.page.locator('#restart-now:enabled').waitFor();
  });
  after(() => visitor?.close());

  for (const [id, isTrue] of Object.entries(stories))
    test(`${id}: every sentence and number is the server's`, { timeout: 180_000 }, async () => {
      const seen = await play(visitor, counts, id);
      isTrue(seen);
      beatsAgree(seen);
      assert.equal(new URL(visitor.page.url()).hash, `#${id}`, 'the card can be linked');
    });

  test('the grid has all of them, with the sum on top', async () => {
    assert.match(await visitor.text('#grid-sum'), /mcp-tether 7 of 7 · official client [2-4] of 7$/);
    assert.deepEqual(visitor.complaints(new URL(demo.story.mcpUrl).origin), []);
  });
});

test('the server restarts by itself after four seconds, once', { timeout: 120_000 }, async () => {
  const visitor = await openVisitor(demo.pageUrl);
  try {
    const restarts = async () => (await counts()).restarts;
    const before = await restarts();
    await played(visitor, 'restart');
    assert.equal(await restarts(), before + 1);
    assert.match(await visitor.text('#sentence'), /^Down for .*none failed, none ran twice\.$/);
  } finally {
    await visitor.close();
  }
});

test('with reduced motion nothing breaks before a button is pressed', { timeout: 120_000 }, async () => {
  const visitor = await openVisitor(demo.pageUrl, calm);
  try {
    await visitor.untilText('[data-sum="ours"]', 'answered (\\d+) of \\1');
    await visitor.until(() => document.querySelectorAll('.ticks li').length >= 7);
    assert.equal(await visitor.page.locator('#story').getAttribute('data-played'), null);
    assert.equal(await visitor.page.locator('.ticks [data-flag]').count(), 0);
  } finally {
    await visitor.close();
  }
});

test('the address names the card that is shown: not one that was pressed meanwhile, and one that is linked', {
  timeout: 180_000,
}, async () => {
  const visitor = await openVisitor(demo.pageUrl, calm);
  const hash = () => visitor.page.evaluate(() => location.hash);
  try {
    await visitor.page.locator('#restart-now:enabled').waitFor();
    await visitor.page.locator('#restart-now').click();
    // Its chip says that it is disabled, for which Playwright would wait.
    await visitor.page.locator('#chips a[href="#forget"]').click({ force: true });
    assert.equal(await hash(), '#restart');
    await played(visitor, 'restart');
    assert.equal(await hash(), '#restart');
    await visitor.page.evaluate(() => {
      location.hash = '#cut';
    });
    await played(visitor, 'cut');
    assert.match(await visitor.text('#sentence'), /^The answer was cut off/);
    assert.equal(await visitor.page.evaluate(() => scrollY), 0);
  } finally {
    await visitor.close();
  }
});

test('an address names a fault, which is then played', { timeout: 120_000 }, async () => {
  const visitor = await openVisitor(`${demo.pageUrl}#forget`, calm);
  try {
    await played(visitor, 'forget');
    assert.equal(await visitor.page.evaluate(() => scrollY), 0, 'the first screen is shown');
  } finally {
    await visitor.close();
  }
});

for (const [width, height] of [
  [1440, 900],
  [360, 800],
])
  test(`the first screen of ${width} × ${height} has all that a stranger needs`, { timeout: 120_000 }, async () => {
    const visitor = await openVisitor(demo.pageUrl, { ...calm, viewport: { width, height } });
    try {
      const { page } = visitor;
      await page.locator('#restart-now:enabled').waitFor();
      for (const part of [
        'h1',
        '#install',
        '.diff',
        '#lanes',
        '#restart-now',
        '#sentence',
        '#chips a',
        '.masthead nav',
      ]) {
        const { y, height: tall } = await page.locator(part).first().boundingBox();
        assert.ok(y >= 0 && y + tall <= height, `${part} ends at ${Math.round(y + tall)} of ${height}`);
      }
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing overflows');
      assert.equal(await visitor.text('#install'), `npm install ${new URL('mcp-tether.tgz', demo.pageUrl)}`);
    } finally {
      await visitor.close();
    }
  });

test('nothing but the ticks moves while the page loads: chips and rows are in its HTML', {
  timeout: 120_000,
}, async () => {
  const html = await (await fetch(demo.pageUrl)).text();
  for (const { id, chip } of storyFaults) {
    assert.ok(html.includes(`<a href="#${id}" class="chip">${chip}</a>`), id);
    assert.ok(html.includes(`<tr data-row="${id}"><th scope="row">${chip}</th>`), id);
  }
  const visitor = await openVisitor(demo.pageUrl, calm);
  try {
    await visitor.page.locator('#restart-now:enabled').waitFor();
    const moved = await visitor.page.evaluate(
      () =>
        new Promise((resolve) => {
          const names = (list) =>
            list.getEntries().flatMap(({ sources }) => sources.map(({ node }) => node?.id || node?.nodeName));
          new PerformanceObserver((list) => resolve(names(list))).observe({ type: 'layout-shift', buffered: true });
          setTimeout(() => resolve([]), 1_000);
        }),
    );
    assert.deepEqual(new Set(moved.filter((name) => name !== 'LI')), new Set());
  } finally {
    await visitor.close();
  }
});

test('on a phone the fault, the handshake and the chip stay in sight until the story has ended', {
  timeout: 120_000,
}, async () => {
  const visitor = await openVisitor(`${demo.pageUrl}#forget`, { ...calm, viewport: { width: 360, height: 800 } });
  try {
    await played(visitor, 'forget');
    const isInSight = (inner, outer) =>
      visitor.page.evaluate(
        ([one, other]) => {
          const [part, whole] = [one, other].map((selector) =>
            document.querySelector(selector).getBoundingClientRect(),
          );
          return part.left >= whole.left && part.right <= whole.right + 1;
        },
        [inner, outer],
      );
    for (const part of ['.ticks [data-flag]', '.ticks [data-handshake]'])
      assert.ok(await isInSight(part, '.ticks'), part);
    const chips = await visitor.page.locator('#chips a').count();
    await visitor.page
      .locator('#chips a')
      .nth(chips - 1)
      .click();
    await visitor.until(() => document.querySelector('#chips a:last-child').ariaCurrent === 'true');
    assert.ok(await isInSight('#chips a[aria-current]', '#chips'));
  } finally {
    await visitor.close();
  }
});

test('the focus stays on the button while a fault is played, and the buttons stay in place', {
  timeout: 120_000,
}, async () => {
  const visitor = await openVisitor(demo.pageUrl, calm);
  try {
    const { page } = visitor;
    await page.locator('#restart-now:enabled').focus();
    const place = () => page.locator('#chips a').first().boundingBox();
    const before = await place();
    await page.keyboard.press('Enter');
    await visitor.until(() => document.querySelector('#restart-now').ariaDisabled === 'true');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'restart-now');
    await played(visitor, 'restart');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'restart-now');
    assert.deepEqual(await place(), before);
  } finally {
    await visitor.close();
  }
});
