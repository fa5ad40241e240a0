// Whether the page stays responsive with a thousand calls on the timeline: frames while it moves, compared with
// frames of an idle page, in the same browser and the same minute. It prints both; only the ratio is asserted.
// Runs alone: it compares frame rates.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { captionsOf, watchCaptions } from '../helpers/page/timeline.mjs';
import { openVisitor } from '../helpers/page/visitor.mjs';
import { listen } from '../servers/shared/listen.mjs';
import { serveFolders } from '../servers/static-files.mjs';

const folderOf = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const measuredMs = 2_000;
let files;
let visitor;

before(async () => {
  files = await listen(
    serveFolders(
      [
        { prefix: '/pkg/', folder: folderOf('pkg') },
        { prefix: '/', folder: folderOf('www') },
      ],
      { headers: {} },
    ),
  );
  visitor = await openVisitor(`${files.origin}/`);
});

after(async () => {
  await visitor?.close();
  await files?.close();
});

/** Frames a second, and the longest pause between two, while the timeline is moved back and forth or left alone. */
function frames(page, moves) {
  return page.evaluate(
    ([isMoving, ms]) =>
      new Promise((resolve) => {
        const canvas = document.querySelector('#timeline').shadowRoot.querySelector('.scroll canvas');
        const began = performance.now();
        let last = began;
        let n = 0;
        let longest = 0;
        const frame = (now) => {
          n += 1;
          longest = Math.max(longest, now - last);
          last = now;
          const key = n % 40 < 20 ? 'ArrowLeft' : 'ArrowRight';
          if (isMoving) canvas.dispatchEvent(new KeyboardEvent('keydown', { key, shiftKey: true }));
          if (now - began < ms) requestAnimationFrame(frame);
          else resolve({ fps: Math.round((n * 1000) / (now - began)), longest: Math.round(longest) });
        };
        requestAnimationFrame(frame);
      }),
    [moves, measuredMs],
  );
}

test('a thousand calls: the timeline moves at nearly the frame rate of an empty page', async (context) => {
  await visitor.connect();
  const still = await frames(visitor.page, false);
  assert.match(await visitor.press('call-thousand'), /1,000 sent, 1,000 answered/);
  const calls = (await visitor.page.evaluate(() => document.querySelector('#timeline').trace.events)).filter(
    ({ type, method }) => type === 'requestSettled' && method === 'tools/call',
  );
  await watchCaptions(visitor.page);
  const before = await captionsOf(visitor.page);
  await visitor.page.locator('#timeline').getByRole('button', { name: 'Fit' }).click();
  const moved = await frames(visitor.page, true);
  context.diagnostic(
    `${moved.fps} frames a second while moving (longest pause ${moved.longest} ms); standing still and empty ${still.fps} (${still.longest} ms)`,
  );
  assert.equal(calls.length, 1_000);
  assert.notDeepEqual(await captionsOf(visitor.page), before, 'the timeline can be moved');
  assert.ok(moved.fps >= still.fps / 2, `${moved.fps} frames a second instead of ${still.fps}`);
});
