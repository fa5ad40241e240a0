// Whether the page stays responsive with a thousand calls on the timeline: frames while it scrolls, compared with
// frames of an idle page, in the same browser and the same minute. It prints both; only the ratio is asserted.
// Runs alone: it compares frame rates.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
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

/**
 * Frames a second, and the longest pause between two, while the timeline is scrolled back and forth or, with 0, left
 * alone.
 */
function frames(page, pixelsAFrame) {
  return page.evaluate(
    ([step, ms]) =>
      new Promise((resolve) => {
        const scroll = document.querySelector('.tl-scroll');
        const began = performance.now();
        let last = began;
        let direction = -1;
        let n = 0;
        let longest = 0;
        const frame = (now) => {
          n += 1;
          longest = Math.max(longest, now - last);
          last = now;
          if (step > 0) {
            const before = scroll.scrollLeft;
            scroll.scrollLeft += direction * step;
            if (scroll.scrollLeft === before) direction = -direction;
          }
          if (now - began < ms) requestAnimationFrame(frame);
          else resolve({ fps: Math.round((n * 1000) / (now - began)), longest: Math.round(longest) });
        };
        requestAnimationFrame(frame);
      }),
    [pixelsAFrame, measuredMs],
  );
}

test('a thousand calls: the timeline scrolls at nearly the frame rate of an empty page', async (context) => {
  await visitor.connect();
  const still = await frames(visitor.page, 0);
  assert.match(await visitor.press('call-thousand'), /1,000 sent, 1,000 answered/);
  await visitor.until(() => document.querySelectorAll('.tl-request').length >= 1_000);
  const scrolled = await frames(visitor.page, 40);
  const { width, events } = await visitor.page.evaluate(() => ({
    width: document.querySelector('.tl-scroll').scrollWidth,
    events: document.querySelector('#timeline').events.length,
  }));
  context.diagnostic(
    `${events} events, ${width} pixels: ${scrolled.fps} frames a second while scrolling ` +
      `(longest pause ${scrolled.longest} ms); standing still and empty ${still.fps} (${still.longest} ms)`,
  );
  assert.ok(events >= 1_000);
  assert.ok(width > 1_280, 'the timeline can be scrolled');
  assert.ok(scrolled.fps >= still.fps / 2, `${scrolled.fps} frames a second instead of ${still.fps}`);
});
