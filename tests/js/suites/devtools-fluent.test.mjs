// Whether mcp-tether/devtools draw ten thousand events at nearly the frame rate of an empty timeline, in the same browser and the same minute.
// Runs alone: it compares frame rates.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { countOf, openExample, rows } from '../helpers/devtools.mjs';

let browser;
let viewer;
let longTrace;
let close;

before(async () => {
  ({ browser, viewer, longTrace, close } = await openExample());
});
after(() => close?.());

test('ten thousand events: the log has the rows in sight only, and drawing keeps the frame rate', {
  timeout: 90_000,
}, async (context) => {
  const trace = await longTrace(10_000);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${viewer.origin}/trace.html`);
  await page.waitForFunction(() => customElements.get('mcp-tether-devtools'));
  const frames = () =>
    page.evaluate(
      () =>
        new Promise((resolve) => {
          const canvas = document.querySelector('mcp-tether-devtools').shadowRoot.querySelector('.scroll canvas');
          const began = performance.now();
          let n = 0;
          const frame = (now) => {
            n += 1;
            const key = n % 40 < 20 ? 'ArrowLeft' : 'ArrowRight';
            canvas.dispatchEvent(new KeyboardEvent('keydown', { key, shiftKey: true }));
            if (now - began < 2_000) requestAnimationFrame(frame);
            else resolve(Math.round((n * 1000) / (now - began)));
          };
          requestAnimationFrame(frame);
        }),
    );
  const empty = await frames();
  await page.evaluate((whole) => document.querySelector('#devtools').load(whole), trace);
  await rows(page).first().waitFor();
  const full = await frames();
  context.diagnostic(`${full} frames a second with 10,000 events in sight, ${empty} without any`);
  assert.ok(full >= empty / 2, `${full} frames a second instead of ${empty}`);
  assert.ok((await rows(page).count()) < 100, 'the list is virtual');
  assert.equal(await countOf(page), 10_000);
  await page.close();
});
