// Python's official clients through the gateway: before servers of each kind, and while the gateway restarts.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startModernFaultServer } from '../js/servers/modern-fault-server.mjs';
import { startModernServer } from '../js/servers/modern-server.mjs';
import { forward } from '../js/servers/proxy/forward.mjs';
import { listen } from '../js/servers/shared/listen.mjs';
import { parseJson, readText } from '../js/servers/shared/messages.mjs';
import { textOf } from './clients.mjs';
import { pythonClients } from './python-clients.mjs';
import { startStack } from './stack.mjs';
import { survive } from './survive.mjs';

survive('a server that answers by streams', [], pythonClients);
survive('a server that answers in JSON', ['--json-response'], pythonClients);

for (const [name, connect] of Object.entries(pythonClients)) {
  describe(`${name} through the gateway, before a server of 2026-07-28`, () => {
    let modern;
    let faults;
    let stack;
    before(async () => {
      [modern, faults] = await Promise.all([startModernServer({ legacy: 'reject' }), startModernFaultServer()]);
      stack = await startStack({
        servers: { modern: { url: modern.url }, rounds: { url: `${faults.origin}/rounds?n=2` } },
      });
    });
    after(async () => {
      await stack?.stop();
      await Promise.all([modern.close(), faults.close()]);
    });

    test('lists, calls, gets progress, in a session that outlives the gateway', async () => {
      const client = await connect(`${stack.origin}/modern/mcp`);
      const session = client.session();
      assert.match(session, /^[A-Za-z0-9_-]{43}$/);
      assert.ok((await client.list()).tools.some((tool) => tool.name === 'echo'));
      const steps = [];
      await client.call('slow', { ms: 100 }, { onprogress: ({ progress }) => steps.push(progress) });
      assert.deepEqual(steps, [1, 2, 3, 4, 5]);
      await stack.restartGateway();
      assert.equal(textOf(await client.call('echo', { text: 'here' })), 'here');
      assert.equal(client.session(), session);
      await client.end();
      assert.equal(modern.counts.methods.initialize, undefined);
    });

    test('answers the input requests of a call, and the call runs once', async () => {
      const client = await connect(`${stack.origin}/rounds/mcp`);
      assert.match(textOf(await client.call('unsafe', { key: 'python' })), /python: 1/);
      const { executions, rounds } = await (await fetch(`${faults.origin}/control/counts?path=/rounds`)).json();
      assert.equal(executions.python, 1);
      assert.deepEqual(
        rounds.map(({ inputResponses }) => Object.values(inputResponses)[0].content),
        [{ name: 'Ada' }, { name: 'Ada' }],
      );
      await client.end();
    });
  });

  // Python's clients end if a connection breaks under their notification. Here none does: requests after `initialize`
  // are held back.
  test(`${name} continues after the gateway restarted between initialize and everything else`, async (t) => {
    const stack = await startStack();
    t.after(() => stack?.stop());
    const edge = await startHoldingEdge(stack.url);
    const client = await connect(edge.url, { isHasty: true });
    const session = client.session();
    await stack.restartGateway();
    edge.release();
    assert.equal(textOf(await client.call('echo', { text: 'here' })), 'here');
    assert.equal(client.session(), session);
    const { initialize, initialized } = await stack.counts();
    assert.deepEqual({ initialize, initialized }, { initialize: 1, initialized: 1 });
    await client.end();
    await edge.close();
  });
}

/** A proxy that holds back everything after an `initialize` until it is released. */
async function startHoldingEdge(url) {
  let release;
  let held;
  const listening = await listen(async (request, response) => {
    const body = await readText(request);
    await held;
    if (parseJson(body)?.method === 'initialize') held = new Promise((resolve) => (release = resolve));
    await forward({ request, response, body, target: new URL(url) });
  });
  return { url: listening.origin, release: () => release(), close: listening.close };
}
