// Servers rebuilt from public threads: the doctor puts the fix first that ended each thread, and names the heading of docs/fixes.md with code for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose, verdictOf } from '../../../pkg/diagnose.js';
import { fixes } from '../../../www/doctor/fixes.js';
import { threads } from '../helpers/diagnose/threads.mjs';
import { listen } from '../servers/shared/listen.mjs';

for (const [name, { thread, serve, origin, first, topic, isUsable = false }] of Object.entries(threads))
  test(`${name} (${thread})`, { timeout: 60_000 }, async (context) => {
    const server = await listen(serve);
    context.after(server.close);
    const target = { url: `${server.origin}/mcp`, headers: {}, protocolVersion: 'auto' };
    const diagnosis = await diagnose(() => target, { timeout: 5_000, ...(origin && { origin }) });
    const verdict = verdictOf(diagnosis);
    assert.match(verdict.first ?? '', first, JSON.stringify(verdict, undefined, 2));
    assert.equal(verdict.topic, topic);
    assert.ok(topic === undefined || fixes[topic], 'the page has code for it');
    assert.equal(verdict.state === 'advice', isUsable);
  });

test('there are ten threads, and each is named', () => {
  const named = Object.values(threads).map(({ thread }) => thread);
  assert.ok(new Set(named).size >= 10);
  for (const thread of named) assert.match(thread, /^https:\/\/github\.com\/[\w.-]+\/[\w.-]+\/(issues|pull)\/\d+$/);
});
