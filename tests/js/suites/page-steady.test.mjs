// What hurts every visitor of the laboratory: buttons that move, a lost focus, a chatty screen reader, captions upon each other, false colours, an empty log.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { openVisitor, steps } from '../helpers/page/visitor.mjs';
import { startDemo } from '../servers/demo.mjs';

const test = steps();
let demo;
let visitor;

before(async () => {
  demo = await startDemo({ port: 0 });
  visitor = await openVisitor(demo.pageUrl, { reducedMotion: 'reduce' });
});

after(async () => {
  await visitor?.close();
  await demo?.close();
});

const counter = 'ada counter';
const places = () =>
  visitor.page
    .locator('.controls button')
    .evaluateAll((all) => all.map((button) => [button.id, button.offsetLeft, button.offsetTop].join()));

test('version discovery that an older server refuses is not drawn as a failure', async () => {
  await visitor.connect();
  const tones = await visitor.page
    .locator('.tl-item.tl-request')
    .evaluateAll((bars) =>
      bars.map((bar) => [bar.getAttribute('aria-label').match(/[\w/]+(?= #)/)?.[0], bar.dataset.tone]),
    );
  assert.ok(tones.some(([method]) => method === 'server/discover'));
  assert.deepEqual(
    tones.filter(([, tone]) => tone === 'bad'),
    [],
  );
});

test('no button moves when an error is long', async () => {
  await visitor.press('add-server');
  await visitor.page.locator(`#who input[value="${counter}"]`).check();
  await visitor.page.locator('#tool').selectOption('increment');
  const before = await places();
  assert.match(await visitor.press('unavailable'), /outcome_unknown/);
  assert.deepEqual(await places(), before);
});

test('the focus stays on the pressed button', async () => {
  const { page } = visitor;
  for (const id of ['call-one', 'unavailable', 'busy']) {
    await page.locator(`#${id}:enabled`).focus();
    await page.evaluate(() => {
      document.querySelector('#result').dataset.kind = 'pressed';
    });
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), id);
    await visitor.until(() => {
      const { kind, busy } = document.querySelector('#result').dataset;
      return busy === undefined && kind !== 'busy' && kind !== 'pressed';
    });
    assert.equal(await page.evaluate(() => document.activeElement.id), id);
  }
});

test('one press makes few announcements', async () => {
  const { page } = visitor;
  await page.evaluate(() => {
    const regions = '[aria-live="polite"], [aria-live="assertive"], [role="status"], [role="alert"], output';
    globalThis.announcements = [];
    const seen = (changes) => {
      for (const { target } of changes) {
        const region = (target.closest ? target : target.parentElement)?.closest(regions);
        if (region && region.ariaBusy !== 'true' && !region.closest('#story'))
          globalThis.announcements.push(region.textContent);
      }
    };
    globalThis.observer = new MutationObserver(seen);
    globalThis.observer.observe(document.body, { childList: true, characterData: true, subtree: true });
  });
  await visitor.press('busy');
  const announcements = await page.evaluate(() => globalThis.announcements);
  assert.ok(announcements.length > 0 && announcements.length <= 4, announcements.join('\n'));
});

for (const [id, line] of [
  ['busy', 'event retryScheduled, ada: .*429'],
  ['unavailable', 'event requestSettled, ada: tools/call, outcome_unknown.*503'],
  ['cut', 'event (streamClosed|requestSettled|retryScheduled), ada: '],
  ['offline', 'page offline: nothing is sent'],
])
  test(`the log tells of ${id}`, async () => {
    const before = await visitor.logged(line);
    await visitor.press(id);
    await visitor.untilLogged(line, before + 1);
  });

test('no captions of the timeline share a place', async () => {
  await visitor.page.locator(`#who input`).first().check();
  for (const id of ['busy', 'busy', 'conflict', 'cut']) await visitor.press(id);
  const overlaps = await visitor.page.evaluate(() => {
    const boxes = [...document.querySelectorAll('.tl-wait-text, .tl-state-text')]
      .filter((text) => text.getAttribute('visibility') !== 'hidden')
      .map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }));
    return boxes.flatMap((one, i) =>
      boxes
        .slice(i + 1)
        .filter(({ box }) => box.top === one.box.top && box.left < one.box.right && one.box.left < box.right)
        .map((other) => `${one.text} and ${other.text}`),
    );
  });
  assert.deepEqual(overlaps, []);
});

test('the drawing fits: everything is in sight at one press', async () => {
  const { page } = visitor;
  const overflow = () =>
    page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.querySelector('.tl-scroll');
      return scrollWidth - clientWidth;
    });
  assert.ok((await overflow()) > 0);
  await page.locator('.tl-buttons [data-do="fit"]').click();
  await visitor.until(() => {
    const { scrollWidth, clientWidth } = document.querySelector('.tl-scroll');
    return scrollWidth <= clientWidth;
  });
});

test('the devtools of the package show the session of the laboratory', async () => {
  const { page } = visitor;
  await page.getByRole('button', { name: 'Open the mcp-tether devtools' }).click();
  await page.locator('mcp-tether-devtools .row').first().waitFor();
  const [drawn, told] = await page.evaluate(() => [
    document.querySelector('#timeline').events.length,
    document.querySelector('mcp-tether-devtools').trace.events.length,
  ]);
  assert.equal(told, drawn);
  await visitor.screenshot('devtools');
});
