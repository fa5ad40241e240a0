// The gateway's storage when a new version starts: records of the previous version are used, and unreadable ones are
// ignored.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { initializeParams, messageOf, sender } from './http.mjs';
import { startStack } from './stack.mjs';
import { runOnStorage } from './storage.mjs';

describe('records that are in the storage already', () => {
  let stack;
  let ada;
  before(async () => {
    stack = await startStack();
    ada = sender(stack.url);
  });
  after(() => stack?.stop());

  const echo = async (session) =>
    (await messageOf(await ada.call(session, 'echo', { text: 'on' }))).result?.content[0].text;
  const objectOf = (session) => ({ binding: 'SESSIONS', name: createHash('sha256').update(session).digest('hex') });

  /**
   * Replaces the records of each session with the server while the gateway is stopped: `written` maps the old to the
   * new text.
   */
  async function rewrite(records) {
    await stack.restartGateway({}, async () => {
      for (const { session, written } of records) {
        const object = objectOf(session);
        const [[{ upstream }]] = await runOnStorage(stack.state, object, [['SELECT upstream FROM session']]);
        await runOnStorage(stack.state, object, [['UPDATE session SET upstream = ?', written(upstream)]]);
      }
    });
  }

  test('one of format 1, as the previous version wrote it, continues without a handshake', async () => {
    const session = await ada.open();
    // Byte for byte as version 0 wrote it, except for what differs in each run: the hash of the configuration, the id
    // and the times.
    const written = (found) => {
      const { config, sessionId, createdAt } = JSON.parse(found);
      return (
        `{"format":1,"user":"ada","server":"s","config":${config},"protocolVersion":"2025-11-25","initializeResult":{"protocolVersion":"2025-11-25",` +
        '"capabilities":{"tools":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true},"prompts":{},"logging":{}},' +
        '"serverInfo":{"name":"mcp-tether-test-server","version":"1.0.0"},"instructions":"A server for tests."},' +
        `"generation":3,"createdAt":${createdAt},"lastUsedAt":${createdAt},"sessionId":"${sessionId}",` +
        '"logLevel":"info","subscriptions":[{"uri":"test://counter"}]}'
      );
    };
    const { initialize } = await stack.counts();
    await rewrite([{ session, written }]);
    assert.equal(await echo(session), 'on');
    assert.equal((await stack.counts()).initialize, initialize);
  });

  test('an unreadable record is ignored: the client keeps its id, and the server gets one handshake', async () => {
    const damage = {
      'a later format': (found) => JSON.stringify({ ...JSON.parse(found), format: 2 }),
      'no format': (found) => JSON.stringify({ ...JSON.parse(found), format: undefined }),
      'an unknown state': (found) =>
        JSON.stringify({ ...JSON.parse(found), format: 1, state: 'outage', outage: { since: 1 }, sessionId: 7 }),
      'half a record': (found) => found.slice(0, found.length / 2),
      'no JSON': () => 'x',
      'another kind of JSON': () => '[1,2]',
      'empty text': () => '',
      nothing: () => null,
    };
    const records = [];
    for (const [name, written] of Object.entries(damage)) records.push({ name, written, session: await ada.open() });
    const { initialize } = await stack.counts();
    await rewrite(records);
    for (const { name, session } of records) assert.equal(await echo(session), 'on', name);
    assert.equal((await stack.counts()).initialize, initialize + records.length);
    for (const { session } of records) assert.equal(await echo(session), 'on');
    assert.equal((await stack.counts()).initialize, initialize + records.length, 'one each');
  });

  test('breakers of the previous version hold until their stored time, and an unreadable one is ignored', async () => {
    const open = async () => {
      const response = await ada.send('POST', { body: ada.rpc('initialize', initializeParams) });
      return { status: response.status, wait: Number(response.headers.get('retry-after')) };
    };
    const object = { binding: 'INDEX', name: 'bearer:ada' };
    const keep = (known) =>
      stack.restartGateway({}, () =>
        runOnStorage(stack.state, object, [
          ['INSERT INTO breaker VALUES (?1, ?2) ON CONFLICT DO UPDATE SET known = ?2', 's', known],
        ]),
      );
    await keep(JSON.stringify({ failures: 0, since: 0, openings: 2, until: Date.now() + 200_000, trying: 0 }));
    const { status, wait } = await open();
    assert.equal(status, 503);
    assert.ok(wait > 100 && wait <= 200);
    for (const known of ['{}', '{"failures":"many","until":null}', '[]', 'null', '', 'x']) {
      await keep(known);
      assert.equal((await open()).status, 200, known);
    }
  });
});
