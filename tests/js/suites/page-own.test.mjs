// The demo page with the visitor's own server, which has no fault controls; its own counts are compared.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { timelineItems } from '../helpers/page/timeline.mjs';
import { openVisitor, steps } from '../helpers/page/visitor.mjs';
import { goodRules, startCorsGate } from '../servers/cors-gate.mjs';
import { startDemo } from '../servers/demo.mjs';
import { startOutageServer } from '../servers/outage-server.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';
import { listen } from '../servers/shared/listen.mjs';
import { sendJson } from '../servers/shared/messages.mjs';

const test = steps();
let demo;
let own;
let visitor;

before(async () => {
  [demo, own] = await Promise.all([startDemo({ port: 0 }), startSdkServer({ eventStore: true })]);
  visitor = await openVisitor(demo.pageUrl);
});

after(async () => {
  await visitor?.close();
  await Promise.all([demo?.close(), own?.close()]);
});

/** Fills in the form, and sends it. */
async function fill(url, headers = '') {
  const { page } = visitor;
  if (!(await page.locator('#where[open]').count())) await page.locator('#where summary').click();
  await page.locator('input[name="where"][value="own"]').check();
  await page.locator('input[name="url"]').fill(url);
  await page.locator('textarea[name="headers"]').fill(headers);
  await page.locator('#where button[type="submit"]').click();
}

async function use(url, headers) {
  await fill(url, headers);
  await visitor.until(() => !document.querySelector('#where').open);
}

test("a visitor's own server: its tools, its session, headers as given", async () => {
  await visitor.page.locator('#connect-a:enabled').waitFor();
  await use(own.url, 'X-Team: demo');
  await visitor.connect();
  assert.equal(own.counts.initialize, 1);
  assert.match(await visitor.text('#tool-list'), /increment/);
  assert.match(await visitor.press('call-one'), /Still there\?/);
  assert.equal(own.counts.calls.echo, 1);
});

test('only faults that the page itself can cause are offered', async () => {
  for (const id of ['restart', 'lookalike', 'conflict', 'busy', 'unavailable'])
    assert.equal(await visitor.page.locator(`#${id}`).isDisabled(), true, id);
  for (const id of ['forget', 'expire', 'cut', 'slow', 'offline'])
    assert.equal(await visitor.page.locator(`#${id}`).isEnabled(), true, id);
});

test("forget: a DELETE behind the client's back is a real loss", async () => {
  assert.match(await visitor.press('forget'), /Still there\?/);
  assert.deepEqual([own.counts.delete, own.counts.initialize], [1, 2]);
  assert.ok(own.counts.unknownSession >= 1);
  await visitor.untilState('ready');
});

test('cut: the answer is cut in this page, and a tool that must not run twice is not retried', async () => {
  await visitor.page.locator('#tool').selectOption('increment');
  assert.match(await visitor.press('cut'), /outcome_unknown|^\d/);
  assert.equal(own.counts.calls.increment, 1);
});

for (const kind of ['refused', '502']) {
  test(`a server that is away for three seconds (${kind}): the call waits, and the page shows the outage`, async () => {
    const away = await startOutageServer(kind);
    try {
      await use(away.url);
      await visitor.connect();
      await visitor.press('call-one');
      const { page } = visitor;
      const before = await visitor.text('#session-id');
      const handshakes = () => away.requests().filter(({ rpc }) => rpc === 'initialize').length;
      const made = handshakes();
      const { ended } = await away.begin(3_000);
      await page.locator('#call-one:enabled').click();
      await visitor.untilState('outage');
      await visitor.untilText('#narration', 'unreachable .*one ping at a time');
      assert.equal(await page.locator('.nodes g[data-current]').getAttribute('data-state'), 'outage');
      await visitor.screenshot(`outage-${kind}`);
      await ended;
      await visitor.untilState('ready');
      await visitor.untilText('#narration', 'was unreachable for \\d.*answered');
      await visitor.until(() => document.querySelector('#result').dataset.kind === 'good');
      assert.equal(await visitor.text('#session-id'), before);
      assert.equal(handshakes(), made, 'no handshake');
      // The state's band ends with the outage, and the session's band continues.
      const items = await timelineItems(page);
      const titles = (wanted) =>
        items.filter(({ layer }) => layer === wanted).map(({ text }) => /@\S+: ([^,.]+)/.exec(text)[1]);
      assert.deepEqual(titles('states').slice(-2), ['Outage', 'Ready']);
      for (const mark of ['Outage: the server is unreachable', 'The outage ended'])
        assert.ok(titles('marks').includes(mark), `${mark}: ${titles('marks')}`);
      await visitor.screenshot(`outage-${kind}-over`);
    } finally {
      await away.close();
    }
  });
}

test('a server that hides the session id from pages: the doctor runs by itself and names the header, first', async () => {
  const gate = await startCorsGate(new URL(own.url).origin);
  gate.rules = { ...goodRules, exposeHeaders: [] };
  try {
    await use(`${gate.origin}/mcp`);
    assert.match(await visitor.press('connect-a'), /cors_blocked/);
    await visitor.untilText('#findings-fix', '^Access-Control-Expose-Headers lacks Mcp-Session-Id');
    const results = await visitor.page
      .locator('#findings .step')
      .evaluateAll((all) => all.map(({ dataset }) => dataset.result));
    assert.deepEqual(results, ['passed', 'passed', 'failed', 'skipped', 'skipped', 'failed']);
    await visitor.screenshot('findings');
  } finally {
    await gate.close();
  }
});

test('plain http to another machine is refused in the form, without an attempt', async () => {
  await fill('http://192.168.7.7:3000/mcp');
  await visitor.untilText('.problem', 'cannot connect to http://192.168.7.7:3000: use https://');
  assert.equal(await visitor.page.locator('#where[open]').count(), 1);
});

for (const [text, words] of [
  ['https://ada:s3cret@server.example/mcp', '^The URL contains a user name or a password'],
  ['wss://server.example/mcp', '^The URL must begin with https:// or http://\\.$'],
  ['claude mcp add notes npx some-server', '^Enter the whole URL of the endpoint'],
])
  test(`${text} is refused in the form, in one sentence`, async () => {
    await fill(text);
    await visitor.untilText('.problem', words);
  });

test('the URL is found in what was pasted', async () => {
  await use(`claude mcp add --transport http notes "${own.url}" `);
  assert.match(await visitor.text('#setting'), new RegExp(`connects directly to ${new URL(own.url).host}`));
  await visitor.connect();
});

test('a server without CORS headers: the page names the missing ones', async () => {
  const silent = await listen((_request, response) => sendJson(response, 200, {}));
  try {
    await use(`${silent.origin}/mcp`);
    await visitor.page.locator('#connect-a:enabled').click();
    await visitor.untilText('#result', 'cors_blocked|network_error');
    assert.match(await visitor.page.locator('.cors').textContent(), /Access-Control-Expose-Headers: Mcp-Session-Id/);
  } finally {
    await silent.close();
  }
});
