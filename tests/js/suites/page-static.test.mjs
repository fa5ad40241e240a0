// The page as static files: www with pkg inside, served from a folder by a file server. Its MCP servers
// are in a Service Worker, which is asked for their counts.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bundleOfficialClient } from '../../../tools/bundle-official-client.mjs';
import { sideBySide, takeAway, wholeLife } from '../helpers/page/stories.mjs';
import { openVisitor, steps } from '../helpers/page/visitor.mjs';
import { listen } from '../servers/shared/listen.mjs';
import { serveFolders } from '../servers/static-files.mjs';

const test = steps();
const folderOf = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
let files;
let visitor;
const proxy = new Proxy({}, { get: (_target, name) => visitor[name] });
const counts = () =>
  visitor.page.evaluate(async () => (await fetch(`simulated/${sessionStorage.getItem('tab')}/control/counts`)).json());

before(async () => {
  await bundleOfficialClient();
  // Without headers of ours: the content security policy is in the page.
  files = await listen(
    serveFolders(
      [
        { prefix: '/some/project/pkg/', folder: folderOf('pkg') },
        { prefix: '/some/project/', folder: folderOf('www') },
      ],
      { headers: {} },
    ),
  );
  visitor = await openVisitor(`${files.origin}/some/project/`);
});

after(async () => {
  await visitor?.close();
  await files?.close();
});

test('without a server the page offers simulated ones', async () => {
  await visitor.page.locator('#connect-a:enabled').waitFor();
  assert.match(await visitor.text('#setting'), /Service Worker/);
});

await wholeLife({
  visitor: proxy,
  counts,
  test,
  servers: () => ['/simulated/'],
  unsafe: () => visitor.page.locator('#tool').selectOption('count'),
});
await sideBySide({ visitor: proxy, counts, test });
await takeAway({
  visitor: proxy,
  test,
  run: (program) =>
    visitor.page.evaluate(`(async () => {
    const printed = [];
    const { log } = console;
    console.log = (...things) => printed.push(JSON.stringify(things));
    try { ${program} } finally { console.log = log; }
    return printed.join(' ');
  })()`),
});

test('a server can be added, and each is a session of its own', async () => {
  const before = (await counts()).clients['mcp-tether'].rpc.initialize;
  await visitor.press('add-server');
  assert.equal((await counts()).clients['mcp-tether'].rpc.initialize, before + 1);
  assert.equal((await visitor.page.locator('#who input').count()) >= 3, true);
});

test('a Service Worker stopped by the browser is a restarted server: the next call recovers', async () => {
  const cdp = await visitor.context.newCDPSession(visitor.page);
  await cdp.send('ServiceWorker.enable');
  await cdp.send('ServiceWorker.stopAllWorkers');
  await visitor.press('call-one');
  const after = await counts();
  // One handshake for each session whose stream broke: those of other users and servers recover by themselves.
  assert.ok(after.clients['mcp-tether'].rpc.initialize >= 1);
  assert.equal(after.clients['mcp-tether'].runs, 1);
  await visitor.untilState('ready');
});

test('nothing was blocked by the policy, and only requested faults occurred', async () => {
  assert.deepEqual(visitor.complaints('/simulated/'), []);
});

test('without Service Workers the page says so, and takes a real server', async () => {
  const bare = await openVisitor(`${files.origin}/some/project/`, { serviceWorkers: 'block' });
  try {
    await bare.page.locator('#notice:visible').waitFor();
    assert.equal(await bare.page.locator('#where[open]').count(), 1);
  } finally {
    await bare.close();
  }
});
