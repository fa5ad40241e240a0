// Each fault of the first screen on a device that sleeps for 40 s in the middle, longer than every timeout of the page but those of mcp-tether's own calls:
// no sentence blames a server or a client, calls go on without a burst, and the fault can be told afterwards.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sleepFor, stoodStill } from '../helpers/page/sleep.mjs';
import { beatsAgree, countsOf, play, played, stories } from '../helpers/page/story.mjs';
import { openVisitor } from '../helpers/page/visitor.mjs';
import { begin } from '../helpers/page/windows.mjs';
import { startDemo } from '../servers/demo.mjs';

const sleepMs = 40_000;

describe('a device that sleeps', { concurrency: true }, () => {
  for (const [id, isTrue] of Object.entries(stories))
    test(id, { timeout: 300_000 }, async () => {
      const demo = await startDemo({ port: 0 });
      const visitor = await openVisitor(demo.pageUrl, { reducedMotion: 'reduce' });
      const counts = () => countsOf(demo.story.controlUrl);
      try {
        await visitor.page.locator('#restart-now:enabled').waitFor();
        const before = await visitor.page.locator('.ticks li').count();
        await begin(visitor, id);
        const posted = (await counts()).clients['mcp-tether'].http.POST;
        await sleepFor(visitor, sleepMs);
        await played(visitor, id);
        assert.match(await visitor.text('#sentence'), stoodStill);
        const made = (await visitor.page.locator('.ticks li').count()) - before;
        assert.ok((await counts()).clients['mcp-tether'].http.POST - posted <= made + 10, 'no burst');
        const seen = await play(visitor, counts, id);
        isTrue(seen);
        beatsAgree(seen);
        assert.deepEqual(visitor.complaints(new URL(demo.story.mcpUrl).origin), []);
      } finally {
        await visitor.close();
        await demo.close();
      }
    });
});
