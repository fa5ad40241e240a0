// A server at several addresses: a session stays at one, and one whose replica is killed is recovered at another; nothing runs twice.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startModernServer } from '../js/servers/modern-server.mjs';
import { startSdkServer } from '../js/servers/sdk-server.mjs';
import { messageOf, sender } from './http.mjs';
import { startScriptedSessions } from './scripted-sessions.mjs';
import { startStack, until } from './stack.mjs';

const VERSION = '2026-07-28';

describe('a server with replicas', { concurrency: false }, () => {
  let replicas;
  let modern;
  let scripted;
  let stack;
  before(async () => {
    replicas = await Promise.all([startSdkServer(), startSdkServer(), startSdkServer()]);
    modern = await Promise.all([startModernServer(), startModernServer()]);
    scripted = await Promise.all([startScriptedSessions(), startScriptedSessions()]);
    const server = ([first, ...others]) => ({
      url: first.url,
      replicas: others.map(({ url }) => url),
      sessionConfig: { retryDelay: 50 },
    });
    const servers = { several: server(replicas), modern: server(modern), scripted: server(scripted) };
    stack = await startStack({ server: false, servers });
  });
  after(async () => {
    await stack?.stop();
    await Promise.all([...replicas, ...modern, ...scripted].map((replica) => replica.close()));
  });

  const user = (name, token) => {
    const who = sender(new URL(`/${name}/mcp`, stack.url), token);
    let id = 0;
    const call = async (session, tool, args) => {
      id += 1;
      return messageOf(await who.call(session, tool, args, { id }));
    };
    return {
      ...who,
      call,
      text: async (...given) => (await call(...given)).result?.content[0].text,
    };
  };
  const total = (read) => replicas.reduce((sum, { counts }) => sum + (read(counts) ?? 0), 0);

  test('the sessions of a user are at one address, also for another instance of their objects', async () => {
    const ada = user('several');
    const sessions = [await ada.open(), await ada.open(), await ada.open()];
    for (const session of sessions) assert.equal(await ada.text(session, 'echo', { text: 'here' }), 'here');
    assert.deepEqual(replicas.map(({ counts }) => counts.initialize).sort(), [0, 0, 3]);
    await stack.restartGateway();
    for (const session of sessions) assert.equal(await ada.text(session, 'echo', { text: 'again' }), 'again');
    assert.equal(
      total(({ initialize }) => initialize),
      3,
    );
    assert.equal(
      total(({ unknownSession }) => unknownSession),
      0,
    );
    for (const session of sessions) await ada.send('DELETE', { headers: { 'Mcp-Session-Id': session } });
  });

  test('one broken connection moves no session', async () => {
    const ada = user('scripted');
    const session = await ada.open();
    assert.equal(await ada.text(session, 'echo', { text: 'a' }), 'a');
    const own = scripted.find(({ open }) => open.size > 0);
    let isBroken = false;
    own.act = (message, response) => {
      if (isBroken || message.method !== 'tools/call') return false;
      isBroken = true;
      response.destroy();
      return true;
    };
    const { error } = await ada.call(session, 'echo', { text: 'b' });
    assert.equal(error.data.code, 'outcome_unknown');
    assert.equal(await ada.text(session, 'echo', { text: 'c' }), 'c');
    assert.equal(own.open.size, 1, 'the same session');
    assert.ok(scripted.every((one) => one === own || one.seen.length === 0));
  });

  test('a killed replica: its sessions are recovered at another one, and no call runs twice', async () => {
    const ada = user('several');
    const sessions = [await ada.open(), await ada.open()];
    for (const session of sessions) await ada.text(session, 'increment', { key: session });
    const own = replicas.find(({ counts }) => counts.executions[sessions[0]]);
    const others = replicas.filter((replica) => replica !== own);
    const cut = ada.call(sessions[0], 'slow', { ms: 60_000, key: 'cut' });
    await until(() => own.counts.calls.slow === 1, 'the call runs');
    const before = total(({ initialize }) => initialize);
    await own.close();
    assert.equal((await cut).error.data.code, 'outcome_unknown');
    const at = async (session, key) => {
      const message = await ada.call(session, 'increment', { key });
      return message.result ? 'done' : message.error.data.code;
    };
    // An unsafe call that meets the dead replica first may have run; the next one is recovered.
    for (const session of sessions) {
      for (let turn = 0; (await at(session, `${session} ${turn}`)) !== 'done'; turn += 1)
        assert.ok(turn < 2, 'it is recovered');
      assert.equal(await ada.text(session, 'echo', { text: 'back' }), 'back');
    }
    assert.equal(
      total(({ initialize }) => initialize),
      before + 2,
      'one handshake each',
    );
    assert.equal(
      total(({ calls }) => calls.slow),
      1,
      'the call under way was not sent again',
    );
    const runs = others.flatMap(({ counts }) => Object.entries(counts.executions));
    assert.ok(
      runs.every(([, count]) => count === 1),
      'nothing ran twice',
    );
    await stack.restartGateway();
    for (const session of sessions)
      assert.equal(await ada.text(session, 'echo', { text: 'stays' }), 'stays', 'another instance knows the address');
    assert.equal(
      total(({ initialize }) => initialize),
      before + 2,
    );
    const open = await ada.open();
    assert.equal(await ada.text(open, 'echo', { text: 'new' }), 'new');
  });

  test('2026-07-28: what only reads goes to another address at once, and a call when it is sent again', async () => {
    const ada = user('modern');
    const meta = {
      'io.modelcontextprotocol/protocolVersion': VERSION,
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    let id = 0;
    const post = (method, params = {}) => {
      id += 1;
      const headers = { 'MCP-Protocol-Version': VERSION, 'Mcp-Method': method };
      if (params.name) headers['Mcp-Name'] = params.name;
      return ada.send('POST', { headers, body: ada.rpc(method, { ...params, _meta: meta }, id) });
    };
    const call = (key) => post('tools/call', { name: 'increment', arguments: { key } });
    assert.equal((await call('first')).status, 200);
    const own = modern.find(({ counts }) => counts.executions.first === 1);
    const other = modern.find((one) => one !== own);
    await own.close();
    const failed = await call('second');
    assert.deepEqual([failed.status, (await failed.json()).id], [502, null]);
    assert.equal((await call('third')).status, 200);
    assert.deepEqual(other.counts.executions, { third: 1 });
    // Another user does not know about it yet.
    const bob = user('modern', 'token-of-bob');
    const headers = { 'MCP-Protocol-Version': VERSION, 'Mcp-Method': 'tools/list' };
    for (let turn = 0; turn < 2; turn += 1) {
      const listed = await bob.send('POST', { headers, body: bob.rpc('tools/list', { _meta: meta }, turn) });
      assert.ok((await messageOf(listed)).result.tools.length > 0);
    }
  });
});
