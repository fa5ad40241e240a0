// A rolling upgrade and a rollback: the gateway of an earlier commit and this one take turns on the same storage.
// `UPGRADE_FROM=<revision>` selects another commit. It needs the history; a shallow clone lacks it.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { clients, textOf } from './clients.mjs';
import { eventsOf, initializeParams, messageOf, sender } from './http.mjs';
import { opening, startWorld, users } from './oauth-world.mjs';
import { startStack, until } from './stack.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const current = fileURLToPath(new URL('../../gateway/dist/', import.meta.url));
// What the built Worker is made of.
const sources = ['gateway', 'src', 'npm', 'Cargo.lock', 'package-lock.json'];

for (const { revision, skip } of earlier()) {
  describe(`the gateway of ${revision}, then this one, then that one again`, { skip }, () => {
    let older;
    before(() => {
      const built = spawnSync(`${root}tools/build-older-worker.sh`, [revision], { encoding: 'utf8' });
      assert.equal(built.status, 0, built.stderr);
      older = built.stdout.trim();
    });

    describe('with sessions', () => {
      let stack;
      let ada;
      before(async () => {
        stack = await startStack({ folder: older, vars: { RATE_PER_MINUTE: 0 } });
        ada = sender(stack.url);
      });
      after(() => stack?.stop());
      const moveTo = (folder) => stack.restartGateway({ folder });
      const list = async () => (await (await ada.send('GET', { path: '/sessions' })).json()).sessions;
      const headersOf = (session) => ({ 'Mcp-Session-Id': session });

      /** Calls a tool that counts its executions in each session named. */
      async function goOn(sessions, turn) {
        for (const [key, session] of Object.entries(sessions)) {
          const response = await ada.call(session, 'increment', { key }, { id: `${key} ${turn}` });
          assert.equal(response.status, 200, key);
          assert.equal((await messageOf(response)).result.content[0].text, String(turn), key);
        }
      }

      test('each continues its session with the server under the other version', async () => {
        await moveTo(older);
        const [{ initialize }, sessions] = [await stack.counts(), { first: await ada.open() }];
        await goOn(sessions, 1);
        await moveTo(current);
        await goOn(sessions, 2);
        sessions.second = await ada.open();
        await goOn({ second: sessions.second }, 1);
        await moveTo(older);
        await goOn({ first: sessions.first }, 3);
        await goOn({ second: sessions.second }, 2);
        sessions.third = await ada.open();
        await moveTo(current);
        await goOn({ third: sessions.third }, 1);
        await goOn({ first: sessions.first }, 4);
        assert.equal((await stack.counts()).initialize - initialize, 3);
        assert.equal((await list()).length, 3);
        // Each version ends sessions of the other one.
        await ada.send('DELETE', { headers: headersOf(sessions.second) });
        await moveTo(older);
        await ada.send('DELETE', { headers: headersOf(sessions.first) });
        await ada.send('DELETE', { headers: headersOf(sessions.third) });
        await moveTo(current);
        assert.deepEqual(await list(), [], 'no ghost');
        assert.equal((await stack.counts()).sessions, 0);
        for (const session of Object.values(sessions)) assert.equal((await ada.call(session, 'echo')).status, 404);
      });

      for (const [name, connect] of Object.entries(clients)) {
        test(`${name} keeps its session, and answers questions`, async () => {
          await moveTo(older);
          const client = await connect(stack.url);
          const [session, { initialize }] = [client.session(), await stack.counts()];
          for (const folder of [current, older, current]) {
            await moveTo(folder);
            assert.equal(textOf(await client.call('echo', { text: folder })), folder);
            assert.equal(textOf(await client.call('ask', {})), 'hello Ada');
          }
          assert.equal(client.session(), session);
          assert.equal((await stack.counts()).initialize, initialize);
          await client.end();
        });
      }

      /** Begins a call and leaves after its first event; returns that event's id and data. */
      async function leave(session, name, args, id) {
        const events = eventsOf(await ada.call(session, name, args, { id, meta: { progressToken: id } }));
        for await (const { id: event, data } of events) if (data) return { event, data };
      }
      async function rest(session, event) {
        const headers = { ...headersOf(session), Accept: 'text/event-stream', 'Last-Event-ID': event };
        const response = await ada.send('GET', { headers });
        assert.equal(response.status, 200);
        const messages = [];
        for await (const { data } of eventsOf(response)) if (data) messages.push(data);
        return messages;
      }

      /** Events are written a little later: until another call has been answered. */
      async function write(session) {
        const { event } = await leave(session, 'slow', { ms: 300 }, 'later');
        await rest(session, event);
      }

      for (const [way, from, to] of [
        ['an upgrade', () => older, () => current],
        ['a rollback', () => current, () => older],
      ]) {
        test(`${way} leaves the log of events: answers are there, and calls that were cut have an error`, async () => {
          await moveTo(from());
          const session = await ada.open();
          const done = await leave(session, 'slow', { ms: 100, key: way }, 'done');
          assert.equal((await rest(session, done.event)).at(-1).id, 'done');
          const cut = await leave(session, 'slow', { ms: 600_000, key: 'cut' }, 'cut');
          await write(session);
          await moveTo(to());
          const [steps, answer] = [await rest(session, done.event), (await rest(session, cut.event)).at(-1)];
          assert.deepEqual([steps.length, steps.at(-1).id], [5, 'done']);
          assert.ok(steps.at(-1).result);
          assert.deepEqual([answer.id, answer.error.data.code], ['cut', 'outcome_unknown']);
          assert.equal((await stack.counts()).executions[way], 1);
          await ada.send('DELETE', { headers: headersOf(session) });
        });

        test(`${way} with an open question ends its call with an error, and the session continues`, async () => {
          await moveTo(from());
          const session = await ada.open({ ...initializeParams, capabilities: { elicitation: { form: {} } } });
          const { event, data } = await leave(session, 'ask', {}, 'asks');
          assert.equal(data.method, 'elicitation/create');
          await write(session);
          await moveTo(to());
          const reply = { jsonrpc: '2.0', id: data.id, result: { action: 'accept', content: { name: 'Ada' } } };
          const { status } = await ada.send('POST', { headers: headersOf(session), body: reply });
          assert.equal(status, 202);
          assert.equal((await rest(session, event)).at(-1).error.data.code, 'outcome_unknown');
          await goOn({ [`${way} with a question`]: session }, 1);
          await ada.send('DELETE', { headers: headersOf(session) });
        });
      }

      test('nothing failed', async () => {
        assert.deepEqual(await list(), []);
        await until(async () => (await stack.counts()).sessions === 0, 'the server has no session left');
        assert.deepEqual(
          stack.lines.filter((line) => /"level":"error"|uncaught/i.test(line)),
          [],
        );
      });
    });

    test('a session that is left alone ends under the version that comes after, at both ends', async (t) => {
      const stack = await startStack({ folder: older, config: { sessionConfig: { timeout: 3_000 } } });
      t.after(() => stack?.stop());
      const ada = sender(stack.url);
      for (const folder of [current, older]) {
        await ada.open();
        await stack.restartGateway({ folder });
        await until(async () => (await stack.counts()).sessions === 0, 'the session with the server ends');
        await until(async () => {
          const { sessions } = await (await ada.send('GET', { path: '/sessions' })).json();
          return sessions.length === 0;
        }, 'the session ends');
      }
    });

    test('a login under one version is enough for both', async (t) => {
      const world = await startWorld({
        folder: older,
        server: { needsToken: ({ method } = {}) => method === 'tools/call' },
      });
      t.after(() => world.stop());
      world.as.logInAs('ada');
      const links = [];
      const client = await clients['the official client v1'](world.url, opening(users.ada, links));
      assert.equal(textOf(await client.call('echo', { text: 'one' })), 'one');
      for (const folder of [current, older, current]) {
        await world.stack.restartGateway({ folder });
        assert.equal(textOf(await client.call('echo', { text: folder })), folder);
      }
      assert.equal(links.length, 1);
      await client.end();
    });
  });
}

/** The commits to come from: the last release, and the one before the newest change of the gateway. */
function earlier() {
  const { UPGRADE_FROM } = process.env;
  if (UPGRADE_FROM) return [{ revision: UPGRADE_FROM }];
  const release = git('describe', '--tags', '--abbrev=0', '--match', 'v*');
  const isChanged = spawnSync('git', ['-C', root, 'diff', '--quiet', 'HEAD', '--', ...sources]).status === 1;
  const newest = git('log', '-1', '--first-parent', '--format=%H', '--', ...sources);
  const before = isChanged ? git('rev-parse', 'HEAD') : newest && git('rev-parse', '--verify', '--quiet', `${newest}^`);
  const revisions = [...new Set([release, before].filter(Boolean))];
  if (revisions.length === 0)
    return [{ revision: 'an earlier commit', skip: 'git has no earlier commit here; fetch the history' }];
  return revisions.map((revision) => ({ revision }));
}

/** What git prints; undefined if it fails. */
function git(...words) {
  try {
    return execFileSync('git', ['-C', root, ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}
