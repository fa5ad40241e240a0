// The accessibility of the demo page: by keyboard, with a screen reader, in the dark, on a narrow screen, without
// motion.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before } from 'node:test';
import { openVisitor, steps } from '../helpers/page/visitor.mjs';
import { startDemo } from '../servers/demo.mjs';

const test = steps();
let demo;
let visitor;
let axe;

before(async () => {
  demo = await startDemo({ port: 0 });
  visitor = await openVisitor(demo.pageUrl, { reducedMotion: 'reduce' });
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
});

after(async () => {
  await visitor?.close();
  await demo?.close();
});

/** The serious or critical findings of axe, a line each. */
async function findings() {
  await visitor.page.evaluate(axe);
  const { violations, passes } = await visitor.page.evaluate(() =>
    globalThis.axe.run(document, { resultTypes: ['violations', 'passes'] }),
  );
  assert.ok(passes.length > 20, 'axe has run');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary.split('\n')[1]?.trim()}`),
    );
}

const focused = () => visitor.page.evaluate(() => document.activeElement.id);

/** Presses Tab until the focus reaches the element. */
async function tabTo(id) {
  for (let presses = 0; presses < 60; presses += 1) {
    if ((await focused()) === id) return;
    await visitor.page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not reach #${id}`);
}

const overflow = () =>
  visitor.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

test('axe has no serious finding before anything happened', async () => {
  await visitor.page.locator('#connect-a:enabled').waitFor();
  assert.deepEqual(await findings(), []);
});

test('everything can be done by keyboard alone', async () => {
  const { keyboard } = visitor.page;
  await tabTo('connect-a');
  await keyboard.press('Enter');
  await visitor.untilState('ready');
  await tabTo('call-one');
  await keyboard.press('Enter');
  await visitor.untilText('#result', 'Still there');
  await tabTo('forget');
  assert.match(await visitor.text('#why-break'), /404/, 'the button is described before it is pressed');
  await keyboard.press('Space');
  await visitor.untilLogged('Session recovery successful');
  await visitor.untilText('#narration', 'One new handshake was made');
});

test('the timeline can be traversed with the arrow keys, and each item has a description', async () => {
  const { page } = visitor;
  await visitor.press('connect-b');
  await page.locator('.tl-item[tabindex="0"]').focus();
  const detail = () => visitor.text('.tl-detail');
  const labelOf = () => page.evaluate(() => document.activeElement.getAttribute('aria-label'));
  await page.keyboard.press('End');
  assert.match(await detail(), /Ben/);
  const last = await labelOf();
  assert.match(last, /Ben/);
  await page.keyboard.press('ArrowUp');
  assert.match(await labelOf(), /Ada/);
  await page.keyboard.press('Home');
  const first = await labelOf();
  await page.keyboard.press('ArrowRight');
  assert.notEqual(await labelOf(), first);
  const width = () => page.evaluate(() => document.querySelector('.tl-scroll svg').clientWidth);
  const before = await width();
  for (let times = 0; times < 3; times += 1) await page.keyboard.press('+');
  assert.ok((await width()) > before, 'plus zooms in');
  assert.equal(await page.locator('.tl-item[tabindex="0"]').count(), 1, 'the Tab key reaches one item');
  assert.ok(await labelOf(), 'the focus survives the zoom');
  await page.locator('.tl-text summary').click();
  await page.locator('.tl-text li').first().waitFor();
  assert.match(
    await page
      .locator('.tl-text li')
      .allInnerTexts()
      .then((lines) => lines.join('\n')),
    /404/,
    'the list has it as text',
  );
});

for (const colorScheme of ['light', 'dark']) {
  test(`axe has no serious finding after all that, in the ${colorScheme}`, async () => {
    await visitor.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await visitor.page.evaluate(() => {
      document.querySelector('#where').open = true;
    });
    assert.deepEqual(await findings(), []);
    await visitor.page.evaluate(() => {
      document.querySelector('#where').open = false;
    });
    await visitor.screenshot(colorScheme);
  });
}

test('beside the official client, and nothing overflows at 360 pixels', async () => {
  await visitor.page.locator('#beside').check();
  await visitor.until(() => document.querySelector('#compare-version').textContent !== '');
  await visitor.press('forget');
  await visitor.page.setViewportSize({ width: 360, height: 800 });
  assert.ok((await overflow()) <= 0, `the page is ${await overflow()} pixels too wide`);
  assert.deepEqual(await findings(), []);
  await visitor.screenshot('narrow');
  await visitor.page.evaluate(() => {
    document.querySelector('#where').open = true;
    document.querySelector('input[value="own"]').click();
  });
  assert.ok((await overflow()) <= 0, 'nor with the form open');
  await visitor.page.setViewportSize({ width: 768, height: 1000 });
  assert.ok((await overflow()) <= 0, 'nor on a tablet');
});

test('nothing moves with reduced motion', async () => {
  const moving = await visitor.page.evaluate(
    () =>
      [...document.querySelectorAll('*')].filter(
        (element) =>
          /[1-9]/.test(getComputedStyle(element).transitionDuration) ||
          getComputedStyle(element).animationName !== 'none',
      ).length,
  );
  assert.equal(moving, 0);
});
