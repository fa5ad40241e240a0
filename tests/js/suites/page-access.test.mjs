// The accessibility of the demo page: by keyboard, with a screen reader, in the dark, on a narrow screen, without
// motion.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before } from 'node:test';
import { captionsOf, watchCaptions } from '../helpers/page/timeline.mjs';
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
  await watchCaptions(page);
  const { keyboard } = page;
  await page.locator('#timeline .scroll canvas').focus();
  const detail = () => page.locator('#timeline .detail').innerText();
  const label = () =>
    page.evaluate(() => {
      const { activeElement } = document.querySelector('#timeline').shadowRoot;
      return activeElement.ownerDocument && activeElement.getAttribute('aria-activedescendant') === 'item'
        ? activeElement.querySelector('#item').textContent
        : '';
    });
  await keyboard.press('End');
  assert.match(await label(), /ben@everything: /);
  const [, title] = /@\w+: ([^,]+)/.exec(await label());
  assert.ok((await detail()).startsWith(title), 'the selected item is described on the screen, too');
  await keyboard.press('ArrowUp');
  assert.match(await label(), /ada@everything: /);
  await keyboard.press('Home');
  const first = await label();
  await keyboard.press('ArrowRight');
  assert.notEqual(await label(), first);
  const selected = await label();
  const seconds = async () => {
    const [one, two] = (await captionsOf(page)).filter(({ y }) => y === 13).map(({ text }) => text.split(':'));
    return Number(two[1]) * 60 + Number(two[2]) - Number(one[1]) * 60 - Number(one[2]);
  };
  const before = await seconds();
  for (let times = 0; times < 4; times += 1) await keyboard.press('+');
  assert.ok((await seconds()) < before, 'plus zooms in');
  assert.equal(await label(), selected, 'focus and selection survive the zoom');
  assert.match(
    await page
      .locator('#timeline .row')
      .allInnerTexts()
      .then((lines) => lines.join('\n')),
    /requestS/,
    'the log has it as text',
  );
  await page.locator('#timeline').getByRole('searchbox').fill('404');
  await page.locator('#timeline .row', { hasText: '404' }).first().waitFor();
  await page.locator('#timeline').getByRole('searchbox').fill('');
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
      [document, document.querySelector('#timeline').shadowRoot]
        .flatMap((root) => [...root.querySelectorAll('*')])
        .filter(
          (element) =>
            /[1-9]/.test(getComputedStyle(element).transitionDuration) ||
            getComputedStyle(element).animationName !== 'none',
        ).length,
  );
  assert.equal(moving, 0);
});
