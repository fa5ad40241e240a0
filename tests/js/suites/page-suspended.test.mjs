// The stories of the first screen, while the page is hidden or its device is asleep: each ends with a true sentence, and can be told again.
// Runs late: the stories are of calls that are made each second, which a busy machine delays.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sleepFor, stoodStill } from '../helpers/page/sleep.mjs';
import { played } from '../helpers/page/story.mjs';
import { begin, countsFor, isTrue, openFirst, press, ready, tellsItsOwn, untold } from '../helpers/page/windows.mjs';

describe('suspended', () => {
  let visitor;
  before(async () => {
    visitor = await openFirst();
  });
  after(() => visitor?.close());

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
    await begin(visitor, 'tab');
    await hide();
    await untold(visitor, 'tab', /^The page was hidden in the middle, and closed its stream\. Press again\.$/);
    const before = await countsFor(visitor)();
    assert.ok(before.clients['mcp-tether']);
    await press(visitor, 'forget');
    await hide();
    await played(visitor, 'forget');
    assert.match(await visitor.text('#sentence'), /^The session was gone\. One handshake, /);
    await isTrue(visitor, 'cut');
  });

  test('asleep in the middle', { timeout: 180_000 }, async () => {
    await visitor.page.reload();
    await ready(visitor);
    await begin(visitor, '503');
    // The official client gives up after 10 s by its own clock, as if the server had not answered.
    await sleepFor(visitor, 12_000);
    await untold(visitor, '503', stoodStill);
    await tellsItsOwn(visitor, 'forget');
  });
});
