// `sessionConfig.keepAlive` through the gateway: a server that drops idle sessions keeps those of objects that rest, until they expire.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { nextAlarm } from '../../gateway/topology/keep-alive.js';
import { forward } from '../js/servers/proxy/forward.mjs';
import { startSdkServer } from '../js/servers/sdk-server.mjs';
import { listen } from '../js/servers/shared/listen.mjs';
import { readText, rpcError, sendJson } from '../js/servers/shared/messages.mjs';
import { messageOf, sender } from './http.mjs';
import { startStack, until } from './stack.mjs';

const IDLE = 4_000; // milliseconds after which the server drops a session
const KEEP_ALIVE = 1_000;

describe('a server that drops idle sessions', () => {
  let server;
  let dropping;
  let stack;
  before(async () => {
    server = await startSdkServer();
    dropping = await startDropping(server.url);
    const config = (more) => ({ url: dropping.url, sessionConfig: { keepAlive: KEEP_ALIVE, retryDelay: 50, ...more } });
    const servers = { kept: config(), brief: config({ timeout: 3_000 }) };
    stack = await startStack({ server: false, servers, vars: { REST_AFTER: 200 } });
  });
  after(async () => {
    await stack?.stop();
    await dropping.close();
    await server.close();
  });

  const revived = () => stack.lines.filter((line) => line.includes('sessionRevived')).length;
  const pings = () => server.counts.methods.ping ?? 0;

  test('keeps those of resting objects, which are pinged by their alarms', async () => {
    const ada = sender(new URL('/kept/mcp', stack.url));
    const begin = Date.now();
    const session = await ada.open();
    await until(
      () => revived() >= 3 && pings() >= 3 && Date.now() - begin > IDLE * 1.5,
      'it is pinged for long enough',
    );
    const answer = await messageOf(await ada.call(session, 'echo', { text: 'still here' }));
    assert.equal(answer.result.content[0].text, 'still here');
    assert.deepEqual([server.counts.initialize, dropping.dropped()], [1, 0]);
    assert.ok(pings() <= (Date.now() - begin) / KEEP_ALIVE + 1, 'no more than one in each interval');
    await ada.send('DELETE', { headers: { 'Mcp-Session-Id': session } });
  });

  test('pings are no use: the session expires, and is pinged no more', async () => {
    const ada = sender(new URL('/brief/mcp', stack.url));
    const deleted = server.counts.delete;
    const session = await ada.open();
    await until(() => server.counts.delete === deleted + 1, 'it has expired');
    const before = pings();
    assert.equal((await ada.call(session, 'echo', { text: 'late' })).status, 404);
    assert.equal(pings(), before);
  });
});

test('an alarm is due that long after the last request, at the expiry at the latest, and in a second at the earliest', () => {
  assert.equal(nextAlarm(90_000, undefined, 10_000, 12_000), 90_000);
  assert.equal(nextAlarm(90_000, 30_000, 10_000, 12_000), 40_000);
  assert.equal(nextAlarm(30_000, 30_000, 10_000, 12_000), 30_000);
  assert.equal(nextAlarm(90_000, 1, 10_000, 12_000), 13_000);
});

/** In front of a server: forgets a session that got no request for a time. */
async function startDropping(target) {
  const used = new Map();
  let dropped = 0;
  const listening = await listen(async (request, response) => {
    const body = await readText(request);
    const id = request.headers['mcp-session-id'];
    if (id !== undefined && Date.now() - (used.get(id) ?? 0) > IDLE) {
      dropped += 1;
      sendJson(response, 404, rpcError(-32001, 'Session not found'));
      return;
    }
    if (id !== undefined) used.set(id, Date.now());
    const onHeaders = (headers) => {
      if (headers['mcp-session-id']) used.set(headers['mcp-session-id'], Date.now());
    };
    await forward({ request, response, body, target: new URL(target) }, { onHeaders });
  });
  return { url: `${listening.origin}/mcp`, dropped: () => dropped, close: listening.close };
}
