// The demo page in WebKit: connect, lose the session, get the answer; a server that is killed; the end. Checked by the
// server's counts.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from '../helpers/browsers/webkit.mjs';
import { countsOf } from '../helpers/page/story.mjs';
import { startDemo } from '../servers/demo.mjs';

let demo;
let page;
const counts = async () => {
  const { clients } = await countsOf(demo.servers[0].controlUrl);
  const { rpc, http } = clients['mcp-tether'];
  return { handshakes: rpc.initialize, deletes: http.DELETE ?? 0 };
};
// Both poll within the page.
const wait = `
  const element = document.getElementById(words[0]);
  const until = async (condition) => {
    for (let tries = 0; tries < 600 && !condition(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
    if (!condition()) throw new Error('#' + words[0] + ' says ' + element.textContent);
  };
`;
const press = (id) => page.run(`${wait} await until(() => !element.disabled); element.click();`, id);
const shows = (id, text) => page.run(`${wait} await until(() => element.textContent.includes(words[1]));`, id, text);

before(async () => {
  demo = await startDemo({ port: 0 });
  page = await openPage(demo.pageUrl);
});
after(async () => {
  await page?.close();
  await demo?.close();
});

test('a session is made', async () => {
  // The laboratory is loaded when a visitor comes near.
  await page.run('document.getElementById("lab").scrollIntoView();');
  await press('connect-a');
  await shows('session-state', 'ready');
  assert.deepEqual(await counts(), { handshakes: 1, deletes: 0 });
});

for (const [fault, handshakes] of [
  ['forget', 2],
  ['restart', 3],
]) {
  test(`${fault}: one new handshake, and the call is answered`, async () => {
    await press(fault);
    await shows('log', 'Session recovery successful');
    await shows('result', 'Echo');
    await shows('session-state', 'ready');
    await page.run('document.getElementById("log").textContent = ""');
    assert.deepEqual(await counts(), { handshakes, deletes: 0 });
  });
}

test('the server gets a DELETE', async () => {
  await press('terminate');
  await shows('log', 'Session terminated');
  assert.deepEqual(await counts(), { handshakes: 3, deletes: 1 });
});
