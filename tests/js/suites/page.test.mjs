// Drives the demo page as a visitor would, against the real servers behind their proxies. CHROMIUM names another
// browser.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sideBySide, takeAway, wholeLife } from '../helpers/page/stories.mjs';
import { countsOf } from '../helpers/page/story.mjs';
import { openVisitor, steps } from '../helpers/page/visitor.mjs';
import { startDemo } from '../servers/demo.mjs';

const test = steps();
let demo;
let visitor;
/** The counts of the server in use. */
let server = 0;
const counts = () => countsOf(demo.servers[server].controlUrl);

before(async () => {
  demo = await startDemo({ port: 0 });
  visitor = await openVisitor(demo.pageUrl);
});

after(async () => {
  await visitor?.close();
  await demo?.close();
});

const servers = () => [...demo.servers, demo.story].map(({ mcpUrl }) => new URL(mcpUrl).origin);
const proxy = new Proxy({}, { get: (_target, name) => visitor[name] });

test('the page loads, and one button stands out', async () => {
  await visitor.page.locator('#connect-a:enabled').waitFor();
  assert.equal(await visitor.page.locator('#call-one').isDisabled(), true);
  assert.equal(await visitor.page.locator('[data-next]').count(), 1);
  const weight = await visitor.text('#weight');
  assert.match(weight, /KB of wasm/);
  const [fetched, isReady] = [...weight.matchAll(/([\d.]+)\s(m?s)\b/g)].map(
    ([, n, unit]) => n * (unit === 's' ? 1_000 : 1),
  );
  // Both count from the first request. A second is rounded to a tenth.
  assert.ok(fetched <= isReady + (isReady < 1_000 ? 0 : 50), weight);
  assert.deepEqual(visitor.complaints(new URL(demo.story.mcpUrl).origin), []);
  await visitor.screenshot('loaded');
});

await wholeLife({
  visitor: proxy,
  counts,
  test,
  servers,
  async unsafe() {
    await visitor.screenshot('faults');
    await visitor.page.locator('#who input').first().check();
    await visitor.press('add-server');
    server = 1;
    await visitor.page.locator('#tool').selectOption('increment');
  },
  backToFirst() {
    server = 0;
  },
});
await sideBySide({ visitor: proxy, counts, test });
test('a screenshot of the whole page', () => visitor.screenshot('beside'));
async function run(program) {
  const standalone = program.replace("'mcp-tether'", `'${new URL('../../../pkg/node.js', import.meta.url)}'`);
  const cwd = fileURLToPath(new URL('../../../', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', standalone], {
    cwd,
  });
  return stdout;
}
await takeAway({ visitor: proxy, test, run, runOfficial: run });

test('the browser reported only the requested faults', async () => {
  assert.deepEqual(visitor.complaints(...servers()), []);
});
