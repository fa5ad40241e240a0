// The first screen out of the back/forward cache: calls go on, cards stay, and stories end.
// Runs late: the stories are of calls that are made each second, which a busy machine delays.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  beats,
  begin,
  countsFor,
  isTrue,
  openFirst,
  press,
  ready,
  tellsItsOwn,
  untold,
} from '../helpers/page/windows.mjs';

describe('out of the back/forward cache', () => {
  let visitor;
  before(async () => {
    // Playwright turns it off.
    visitor = await openFirst({ ignoreDefaultArgs: ['--disable-back-forward-cache'] });
  });
  after(() => visitor?.close());

  const sums = () => visitor.page.locator('[data-sum]').allInnerTexts();
  const madeBy = async (lane) => Number(/of (\d+)$/.exec((await sums())[lane])[1]);

  const elsewhere = () => new URL('doctor.html', visitor.demo.pageUrl).href;

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
    await begin(visitor, 'forget');
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
      await press(visitor, 'reload');
      await page.waitForURL(elsewhere());
    });
    await untold(visitor, 'reload', /^This page was left in the middle\. Press again\.$/);
    await page.reload();
    await ready(visitor);
    assert.equal(await page.locator('#story').getAttribute('data-played'), null, 'nothing is played');
    await isTrue(visitor, 'reload');
  });

  test('the browser reported only the requested faults', () => {
    assert.deepEqual(visitor.complaints(new URL(visitor.demo.story.mcpUrl).origin), []);
  });
});
