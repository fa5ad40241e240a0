// What hurts every visitor of the laboratory: buttons that move, a lost focus, a chatty screen reader, captions upon each other, false colours, an empty log.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { sleepFor, stoodStill } from '../helpers/page/sleep.mjs';
import { captionsOf, selectLast, timelineItems, watchCaptions } from '../helpers/page/timeline.mjs';
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
  const requests = (await timelineItems(visitor.page)).filter(({ layer }) => layer === 'requests');
  assert.ok(requests.some(({ text }) => /server\/discover #\d+, an older revision: initialize follows/.test(text)));
  assert.deepEqual(
    requests.filter(({ tone }) => tone === 'bad'),
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

test('asleep in the middle of a comparison: no row says that a client has failed', async () => {
  const { page } = visitor;
  await page.locator('#who input').first().check();
  await page.locator('#beside').check();
  await visitor.untilText('#result', 'official client now has its own session');
  await page.locator('#slow:enabled').click();
  await visitor.until(() => document.querySelector('#result').dataset.busy !== undefined);
  // The official client gives up after 10 s by its own clock.
  await sleepFor(visitor, 12_000);
  await visitor.until(() => document.querySelector('#result').dataset.busy === undefined);
  assert.match(await visitor.text('#result'), stoodStill);
  assert.equal(await page.locator('#compare-rows tr').count(), 0);
  await visitor.press('forget');
  assert.match(await visitor.text('#compare-rows tr:first-child'), /2 of 2 calls answered.*0 of 2 calls answered/s);
  await page.locator('#beside').uncheck();
});

test('advice of the doctor is not shown as a failure', async () => {
  const { page } = visitor;
  // The reference server answers 400 for an ended session.
  await page.locator(`#who input`).first().check();
  assert.match(await visitor.press('diagnose'), /^The server can be used, and can be improved\. Answer 404/);
  assert.equal(await page.locator('#result').getAttribute('data-kind'), 'good');
  const outcomes = await page.locator('#findings .step').evaluateAll((all) => all.map(({ dataset }) => dataset.result));
  assert.deepEqual([...new Set(outcomes)].sort(), ['advice', 'passed']);
});

test('no captions of the timeline share a place', async () => {
  const { page } = visitor;
  await page.locator(`#who input`).first().check();
  for (const id of ['busy', 'busy', 'conflict', 'cut']) await visitor.press(id);
  await watchCaptions(page);
  await selectLast(page, 'waits');
  const captions = await captionsOf(page);
  assert.ok(captions.some(({ text }) => /^wait /.test(text)) && captions.some(({ text }) => text === 'ready'));
  const overlaps = captions.flatMap((one, i) =>
    captions
      .slice(i + 1)
      .filter((other) => other.y === one.y && other.left < one.right && one.left < other.right)
      .map((other) => `${one.text} and ${other.text}`),
  );
  assert.deepEqual(overlaps, []);
});

test('the drawing fits: everything is in sight at one press', async () => {
  const { page } = visitor;
  const ticks = async () => (await captionsOf(page)).filter(({ y }) => y === 13).map(({ text }) => text);
  const select = async (key) => {
    await page.locator('#timeline .scroll canvas').press(key);
    return ticks();
  };
  await page.locator('#timeline').getByRole('button', { name: 'Follow' }).click();
  for (let times = 0; times < 3; times += 1) await page.locator('#timeline [data-zoom="0.625"]').click();
  const before = await ticks();
  assert.notDeepEqual(await select('Home'), before, 'the first item is out of sight');
  await page.locator('#timeline').getByRole('button', { name: 'Fit' }).click();
  const all = await ticks();
  for (const key of ['Home', 'End']) assert.deepEqual(await select(key), all, 'it is in sight');
});

test('the timeline is the devtools of the package: with sessions, counters and evidence', async () => {
  const { page } = visitor;
  const timeline = page.locator('mcp-tether-devtools');
  assert.equal(await timeline.count(), 1);
  await timeline.getByRole('searchbox').fill('outcome_unknown');
  await timeline.locator('.row', { hasText: '503' }).first().click();
  assert.match(await timeline.locator('.detail').innerText(), /503/);
  await timeline.getByRole('searchbox').fill('');
  await timeline.getByRole('tab', { name: 'sessions' }).click();
  await timeline.locator('.tables td', { hasText: 'ready' }).first().waitFor();
  await visitor.screenshot('devtools');
});
