// The first screen as static files, with the simulated server: each fault is played RUNS (30) times without a false sentence, each in a tab of its own.
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bundleOfficialClient } from '../../../tools/bundle-official-client.mjs';
import { beatsAgree, play, stories } from '../helpers/page/story.mjs';
import { openVisitor } from '../helpers/page/visitor.mjs';
import { listen } from '../servers/shared/listen.mjs';
import { serveFolders } from '../servers/static-files.mjs';

const runs = Number(process.env.RUNS ?? 30);
const folderOf = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
let files;

before(async () => {
  await bundleOfficialClient();
  const folders = [
    { prefix: '/pkg/', folder: folderOf('pkg') },
    { prefix: '/', folder: folderOf('www') },
  ];
  files = await listen(serveFolders(folders, { headers: {} }));
});

after(() => files?.close());

describe('the simulated server', { concurrency: true }, () => {
  for (const [id, isTrue] of Object.entries(stories))
    test(`${id}, ${runs} times`, { timeout: runs * 60_000 }, async () => {
      const visitor = await openVisitor(`${files.origin}/`, { reducedMotion: 'reduce' });
      const counts = () =>
        visitor.page.evaluate(async () =>
          (await fetch(`simulated/${sessionStorage.getItem('tab')}-story/control/counts`)).json(),
        );
      try {
        await visitor.page.locator('#restart-now:enabled').waitFor();
        for (let run = 0; run < runs; run += 1) {
          const seen = await play(visitor, counts, id);
          isTrue(seen);
          beatsAgree(seen);
        }
      } finally {
        await visitor.close();
      }
    });
});
