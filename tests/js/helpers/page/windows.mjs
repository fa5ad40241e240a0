// The windows of a demo that tests play stories in, and what is true of each story.
import assert from 'node:assert/strict';
import { startDemo } from '../../servers/demo.mjs';
import { beatsAgree, countsOf, numberOf, play, played, stories } from './story.mjs';
import { openVisitor } from './visitor.mjs';

/** Options of a visitor who asks for less motion. */
export const calm = { reducedMotion: 'reduce' };

/** A demo of its own, and a browser with a window of it. */
export async function openFirst(options) {
  const demo = await startDemo({ port: 0 });
  const visitor = await openVisitor(demo.pageUrl, calm, options);
  await ready(visitor);
  const close = async () => {
    await visitor.close();
    await demo.close();
  };
  return { ...visitor, demo, close };
}

export const ready = ({ page }) => page.locator('#restart-now:enabled').waitFor();
export const nameOf = ({ page }) => page.evaluate(() => sessionStorage.getItem('tab') ?? undefined);
/** What the server counted for the clients of one window. */
export const countsFor = (window) => async () => countsOf(window.demo.story.controlUrl, await nameOf(window));

/** Another window of the same browser: a new page, or one that a page opens, whose sessionStorage is then copied. */
export async function another(first, opener) {
  const { pageUrl } = first.demo;
  const [page] = await Promise.all([
    first.context.waitForEvent('page'),
    opener ? opener.page.evaluate((url) => void open(url), pageUrl) : first.context.newPage(),
  ]);
  if (!opener) await page.goto(pageUrl);
  const window = {
    ...first,
    page,
    text: async (selector) => (await page.locator(selector).innerText()).trim(),
    until: (check, argument) => page.waitForFunction(check, argument, { timeout: 90_000 }),
  };
  page.setDefaultTimeout(90_000);
  await ready(window);
  return window;
}

export const press = ({ page }, id) => page.locator(`#chips a[href="#${id}"]`).click();

/** Presses a story's button, and waits until its fault has happened. */
export async function begin(window, id) {
  await press(window, id);
  await window.until(() => document.querySelector('.ticks [data-flag]') !== null);
}

export async function isTrue(window, id) {
  const seen = await play(window, countsFor(window), id);
  stories[id](seen);
  beatsAgree(seen);
}

/** Like `isTrue`, where the window also has requests that another window's fault, or an earlier one, has caused before its story. */
export async function tellsItsOwn(window, id) {
  const { beats: told, ours, row, sentence } = await play(window, countsFor(window), id);
  const [requests, runs] = /(\w+) tool requests?, (\w+) runs?/.exec(told[2]).slice(1).map(numberOf);
  assert.ok(requests >= 8 && requests <= ours.requests, `${told[2]}: of ${ours.requests}`);
  assert.ok(runs >= 8 && runs <= ours.runs, `${told[2]}: of ${ours.runs}`);
  const [, handshakes] = /(\w+) handshakes?/.exec(told[2]);
  assert.ok(numberOf(handshakes) <= ours.handshakes, `${told[2]}: of ${ours.handshakes}`);
  assert.match(row[0], /^✓ /, sentence);
  if (id === 'tab') assert.match(sentence, /no handshakes, no second stream, none failed/i);
}

export const beats = ({ page }) => page.locator('#card-beats p').allInnerTexts();

/** A story that was interrupted has ended, says why, and the next one is told. */
export async function untold(window, id, why) {
  await played(window, id);
  assert.match(await window.text('#sentence'), why);
  assert.ok(!(await beats(window)).includes('…'), 'nothing is left to come');
  assert.equal(await window.page.locator('#chips a[aria-disabled]').count(), 0);
}
