// After its cooldown, a circuit that users share lets one of them through; when the server is back, all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSdkServer } from '../js/servers/sdk-server.mjs';
import { findFreePort } from '../js/servers/shared/listen.mjs';
import { initializeParams, sender } from './http.mjs';
import { startStack, until } from './stack.mjs';

const names = Array.from({ length: 6 }, (_, at) => `user-${at}`);

test('after the cooldown one user is the canary, and when the server is back all are let through', async (t) => {
  const port = await findFreePort();
  const late = {
    url: `http://127.0.0.1:${port}/mcp`,
    protocolVersion: '2025-11-25',
    sessionConfig: { retryDelay: 5, retryAttempts: 0 },
  };
  const BEARER_TOKENS = Object.fromEntries(['ada', 'bob', 'eve', ...names].map((name) => [name, `token-of-${name}`]));
  const vars = { BREAKER_COOLDOWN: 3_000, RATE_PER_MINUTE: 0, BEARER_TOKENS };
  const stack = await startStack({ vars, servers: { late } });
  t.after(() => stack.stop());
  const initialize = async (name) => {
    const who = sender(new URL('/late/mcp', stack.url), `token-of-${name}`);
    const response = await who.send('POST', { body: who.rpc('initialize', initializeParams, 'begin') });
    await response.text();
    return response.status;
  };
  for (const name of ['ada', 'bob', 'eve']) assert.equal(await initialize(name), 502);
  const tried = await until(async () => {
    const found = await Promise.all(names.map(initialize));
    return found.includes(502) && found.sort();
  }, 'a canary is let through');
  assert.deepEqual(tried, [502, ...Array(names.length - 1).fill(503)]);
  const back = await startSdkServer({ port });
  t.after(() => back.close());
  await until(async () => (await initialize('eve')) === 200, 'the canary works');
  assert.deepEqual(await Promise.all(names.map(initialize)), Array(names.length).fill(200));
});
