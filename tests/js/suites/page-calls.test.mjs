// The calls of the laboratory, in Node with a real server: a thousand at once wait for each other, and none of them fails for that.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import init, { McpManager } from '../../../pkg/node.js';
import { callMany } from '../../../www/calls.js';
import { startSdkServer } from '../servers/sdk-server.mjs';

const timeout = 5_000;

/** Holds the tool calls longer than one may take, as a browser's connections do with those that come after others. */
function queued() {
  let opening;
  return async (url, options) => {
    if (String(options?.body).includes('tools/call')) {
      opening ??= wait(timeout + 1_000);
      await opening;
    }
    return fetch(url, options);
  };
}

test('calls that wait for others longer than one call may take are answered', { timeout: 120_000 }, async () => {
  await init();
  const server = await startSdkServer();
  const mcpServers = { s: { url: server.url, timeout, fetch: queued() } };
  const manager = new McpManager({ mcpServers }, { log: () => {} });
  try {
    const session = await manager.connect('ada', 's');
    const { tools } = await session.listTools();
    const tool = tools.find(({ name }) => name === 'echo');
    const { answered, failures } = await callMany(session, tool, 50, 'hello');
    assert.deepEqual([answered, failures.map(({ code }) => code)], [50, []]);
  } finally {
    await manager.close();
    await server.close();
  }
});
