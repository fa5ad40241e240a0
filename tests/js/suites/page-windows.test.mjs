// The first screen in several windows at once, and interrupted: each sentence stays true, ends, and can be had again.
// Runs alone: the stories are of calls that are made each second, which a busy machine delays.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sleepFor, stoodStill } from '../helpers/page/sleep.mjs';
import { beatsAgree, countsOf, numberOf, play, played, stories } from '../helpers/page/story.mjs';
import { openVisitor } from '../helpers/page/visitor.mjs';
import { startDemo } from '../servers/demo.mjs';

const calm = { reducedMotion: 'reduce' };
let demo;
let visitor;

before(async () => {
  demo = await startDemo({ port: 0 });
});
after(() => demo?.close());

const ready = ({ page }) => page.locator('#restart-now:enabled').waitFor();
const nameOf = ({ page }) => page.evaluate(() => sessionStorage.getItem('tab') ?? undefined);
/** What the server counted for the clients of one window. */
const countsFor = (window) => async () => countsOf(demo.story.controlUrl, await nameOf(window));

/** Another window of the same browser: a new page, or one that a page opens, whose sessionStorage is then copied. */
async function another(opener) {
  const [page] = await Promise.all([
    visitor.context.waitForEvent('page'),
    opener ? opener.page.evaluate((url) => void open(url), demo.pageUrl) : visitor.context.newPage(),
  ]);
  if (!opener) await page.goto(demo.pageUrl);
  const window = {
    ...visitor,
    page,
    text: async (selector) => (await page.locator(selector).innerText()).trim(),
    until: (check, argument) => page.waitForFunction(check, argument, { timeout: 90_000 }),
  };
  page.setDefaultTimeout(90_000);
  await ready(window);
  return window;
}

async function isTrue(window, id) {
  const seen = await play(window, countsFor(window), id);
  stories[id](seen);
  beatsAgree(seen);
}

/** Like `isTrue`, where the window also has requests that another window's fault, or an earlier one, has caused before its story. */
async function tellsItsOwn(window, id) {
  const { beats: told, ours, row, sentence } = await play(window, countsFor(window), id);
  const [requests, runs] = /(\w+) tool requests?, (\w+) runs?/.exec(told[2]).slice(1).map(numberOf);
  assert.ok(requests >= 8 && requests <= ours.requests, `${told[2]}: of ${ours.requests}`);
  assert.ok(runs >= 8 && runs <= ours.runs, `${told[2]}: of ${ours.runs}`);
  const [, handshakes] = /(\w+) handshakes?/.exec(told[2]);
  assert.ok(numberOf(handshakes) <= ours.handshakes, `${told[2]}: of ${ours.handshakes}`);
  assert.match(row[0], /^✓ /, sentence);
  if (id === 'tab') assert.match(sentence, /no handshakes, no second stream, none failed/i);
}

const beats = ({ page }) => page.locator('#card-beats p').allInnerTexts();

/** A story that was interrupted has ended, says why, and the next one is told. */
async function untold(window, id, why) {
  await played(window, id);
  assert.match(await window.text('#sentence'), why);
  assert.ok(!(await beats(window)).includes('…'), 'nothing is left to come');
  assert.equal(await window.page.locator('#chips a[aria-disabled]').count(), 0);
}

describe('several windows', () => {
  before(async () => {
    visitor = await openVisitor(demo.pageUrl, calm);
    await ready(visitor);
  });
  after(() => visitor?.close());

  test('two that play at once: each tells what the server counted for it', { timeout: 120_000 }, async () => {
    const other = await another();
    assert.notEqual(await nameOf(other), await nameOf(visitor));
    await Promise.all([tellsItsOwn(visitor, 'cut'), tellsItsOwn(other, 'restart')]);
    // The other one's calls go on meanwhile.
    await tellsItsOwn(visitor, 'forget');
    await other.page.close();
  });

  test('three, of which one is a copy with the same storage', { timeout: 180_000 }, async () => {
    const [other, copy] = [await another(), await another(visitor)];
    const names = await Promise.all([visitor, other, copy].map(nameOf));
    assert.equal(new Set(names).size, 3, names.join());
    await Promise.all([tellsItsOwn(visitor, '503'), tellsItsOwn(copy, 'tab'), tellsItsOwn(other, 'offline')]);
    await other.page.close();
    await copy.page.close();
  });

  test('after a reload, and after going away and back, it is the same window', { timeout: 180_000 }, async () => {
    const name = await nameOf(visitor);
    const { page } = visitor;
    await page.reload();
    await ready(visitor);
    assert.equal(await nameOf(visitor), name);
    await isTrue(visitor, 'reload');
    await page.goto(new URL('doctor.html', demo.pageUrl).href);
    await page.goBack();
    await ready(visitor);
    assert.equal(await nameOf(visitor), name);
    await isTrue(visitor, 'tab');
  });
});

describe('interrupted', () => {
  before(async () => {
    visitor = await openVisitor(demo.pageUrl, calm);
    await ready(visitor);
  });
  after(() => visitor?.close());

  const press = (id) => visitor.page.locator(`#chips a[href="#${id}"]`).click();
  const begun = () => visitor.until(() => document.querySelector('.ticks [data-flag]') !== null);

  test('begun offline', { timeout: 120_000 }, async () => {
    await visitor.context.setOffline(true);
    await press('forget');
    await untold(visitor, 'forget', /^The browser is offline\. Press again when it is online\.$/);
    await visitor.context.setOffline(false);
    await isTrue(visitor, 'forget');
  });

  for (const id of ['restart', 'cut', 'tab'])
    test(`${id}: offline in the middle`, { timeout: 180_000 }, async () => {
      await visitor.page.reload();
      await ready(visitor);
      await press(id);
      await begun();
      await visitor.context.setOffline(true);
      await untold(visitor, id, /^The browser went offline in the middle\. Press again when it is online\.$/);
      await visitor.context.setOffline(false);
      await tellsItsOwn(visitor, 'forget');
    });

  test('hidden in the middle: a sentence about streams is not told, any other is', { timeout: 180_000 }, async () => {
    await visitor.page.reload();
    await ready(visitor);
    const hide = () =>
      visitor.page.evaluate(() => {
        for (const hidden of [true, false]) {
          Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
          Object.defineProperty(document, 'visibilityState', {
            configurable: true,
            get: () => (hidden ? 'hidden' : 'visible'),
          });
          document.dispatchEvent(new Event('visibilitychange'));
        }
      });
    await press('tab');
    await begun();
    await hide();
    await untold(visitor, 'tab', /^The page was hidden in the middle, and closed its stream\. Press again\.$/);
    const before = await countsFor(visitor)();
    assert.ok(before.clients['mcp-tether']);
    await press('forget');
    await hide();
    await played(visitor, 'forget');
    assert.match(await visitor.text('#sentence'), /^The session was gone\. One handshake, /);
    await isTrue(visitor, 'cut');
  });

  test('asleep in the middle', { timeout: 180_000 }, async () => {
    await visitor.page.reload();
    await ready(visitor);
    await press('503');
    await begun();
    // The official client gives up after 10 s by its own clock, as if the server had not answered.
    await sleepFor(visitor, 12_000);
    await untold(visitor, '503', stoodStill);
    await tellsItsOwn(visitor, 'forget');
  });

  test('the server of the demo is gone in the middle', { timeout: 180_000 }, async () => {
    await visitor.page.reload();
    await ready(visitor);
    const second = await startDemo({ port: 0 });
    const other = await openVisitor(second.pageUrl, calm);
    try {
      await ready(other);
      await other.page.locator('#chips a[href="#restart"]').click();
      await other.until(() => document.querySelector('.ticks [data-flag]') !== null);
      await second.close();
      await untold(other, 'restart', /^The server of this screen cannot be reached\. If it was started again, reload/);
      await other.page.locator('#chips a[href="#forget"]').click();
      await untold(other, 'forget', /^The server of this screen cannot be reached/);
    } finally {
      await other.close();
    }
    await isTrue(visitor, 'forget');
  });
});

describe('out of the back/forward cache', () => {
  before(async () => {
    // Playwright turns it off.
    visitor = await openVisitor(demo.pageUrl, calm, { ignoreDefaultArgs: ['--disable-back-forward-cache'] });
    await ready(visitor);
  });
  after(() => visitor?.close());

  const sums = () => visitor.page.locator('[data-sum]').allInnerTexts();
  const madeBy = async (lane) => Number(/of (\d+)$/.exec((await sums())[lane])[1]);

  const elsewhere = () => new URL('doctor.html', demo.pageUrl).href;

  /** Leaves for another page and comes back to the same document, which was frozen meanwhile. */
  async function leaveAndReturn(leave = () => visitor.page.goto(elsewhere())) {
    const { page } = visitor;
    await page.evaluate(() => {
      globalThis.returns = [];
      addEventListener('pageshow', ({ persisted }) => globalThis.returns.push(persisted), { once: true });
    });
    await leave();
    // Playwright's own goBack() waits for a load that does not happen.
    await page.evaluate(() => history.back()).catch(() => {});
    await page.waitForFunction(() => globalThis.returns?.length > 0);
    assert.deepEqual(await page.evaluate(() => globalThis.returns), [true], 'the page was cached');
  }

  /** Both clients call, every call is answered, and the lanes have the numbers of the server. */
  async function callsGoOn() {
    const before = await madeBy(1);
    await visitor.until(
      (made) =>
        [...document.querySelectorAll('[data-sum]')].every((sum) => Number(/of (\d+)$/.exec(sum.innerText)[1]) > made),
      before + 2,
    );
    const made = await Promise.all([madeBy(0), madeBy(1)]);
    const { clients } = await countsFor(visitor)();
    const later = await Promise.all([madeBy(0), madeBy(1)]);
    for (const [lane, client] of ['official', 'mcp-tether'].entries()) {
      const { runs } = clients[client];
      // A call is in its lane's sum when it is answered.
      assert.ok(runs >= made[lane] && runs <= later[lane] + 1, `${client}: ${made[lane]} ≤ ${runs} ≤ ${later[lane]}`);
    }
    for (const sum of await sums()) assert.match(sum, /^answered (\d+) of \1$/);
  }

  test('idle: the calls of both clients go on, and none has failed', { timeout: 120_000 }, async () => {
    await callsGoOn();
    await leaveAndReturn();
    await callsGoOn();
  });

  test('a card that was told stays', { timeout: 120_000 }, async () => {
    await isTrue(visitor, 'cut');
    const read = async () => [await visitor.text('#sentence'), await beats(visitor), await visitor.text('#grid-sum')];
    const told = await read();
    await leaveAndReturn();
    assert.deepEqual(await read(), told);
    await isTrue(visitor, 'cut');
  });

  test('left in the middle: the story ends without a sentence, and can be told', { timeout: 120_000 }, async () => {
    await visitor.page.reload();
    await ready(visitor);
    await visitor.page.locator('#chips a[href="#forget"]').click();
    await visitor.until(() => document.querySelector('.ticks [data-flag]') !== null);
    await leaveAndReturn();
    await untold(visitor, 'forget', /^This page was left in the middle\. Press again\.$/);
    await tellsItsOwn(visitor, 'forget');
  });

  test('left instead of reloaded: the story of the reload ends, and no later page tells it', {
    timeout: 120_000,
  }, async () => {
    const { page } = visitor;
    await leaveAndReturn(async () => {
      await page.evaluate((other) => {
        const { setItem } = Storage.prototype;
        Storage.prototype.setItem = function (key, value) {
          setItem.call(this, key, value);
          Storage.prototype.setItem = setItem;
          // A link that is pressed while the reload begins.
          queueMicrotask(() => location.assign(other));
        };
      }, elsewhere());
      await page.locator('#chips a[href="#reload"]').click();
      await page.waitForURL(elsewhere());
    });
    await untold(visitor, 'reload', /^This page was left in the middle\. Press again\.$/);
    await page.reload();
    await ready(visitor);
    assert.equal(await page.locator('#story').getAttribute('data-played'), null, 'nothing is played');
    await isTrue(visitor, 'reload');
  });

  test('the browser reported only the requested faults', () => {
    assert.deepEqual(visitor.complaints(new URL(demo.story.mcpUrl).origin), []);
  });
});
