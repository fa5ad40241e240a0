// Very many users at once: a session of its own for each, one call on each, and what all that weighs.
import { execFile } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { messageOf, sender } from '../../tests/worker/http.mjs';
import { tokenOf } from './stack.mjs';
import { memory } from './workerd.mjs';

const AT_ONCE = 32;
const EVICTED = 20_000; // workerd forgets an object that was idle for ten seconds

/** Each of `users` opens a session and calls; throws unless every answer is the user's own. Memory in MB, storage in KB. */
export async function manyUsers(stack, users) {
  const url = (await stack.target('ours', 'fast', 0)).url;
  const weigh = () => memory(stack.front.pid);
  const before = { memory: await weigh(), storage: await storage(stack.state), counts: await stack.countsOf('fast') };
  const opened = await timed(users, async (user) => ({ user, client: sender(url, tokenOf(user)), id: await sender(url, tokenOf(user)).open() }));
  const withSessions = await weigh();
  const called = await timed(opened.results, async ({ user, client, id }) => {
    const response = await client.call(id, 'echo', { text: `of ${user}` });
    const message = await messageOf(response);
    if (response.status !== 200 || message?.result?.content[0].text !== `of ${user}`) throw new Error(`${user}: ${response.status} ${JSON.stringify(message)}`);
  });
  const after = { memory: await weigh(), storage: await storage(stack.state), counts: await stack.countsOf('fast') };
  const grown = { initialize: after.counts.initialize - before.counts.initialize, calls: after.counts.calls.echo - before.counts.calls.echo };
  if (grown.initialize !== users.length || grown.calls !== users.length) throw new Error(`of ${users.length} users the server saw ${JSON.stringify(grown)}`);
  await wait(EVICTED);
  const idle = await weigh();
  const again = await timed(opened.results, async ({ user, client, id }) => {
    const message = await messageOf(await client.call(id, 'echo', { text: `again ${user}` }));
    if (message?.result?.content[0].text !== `again ${user}`) throw new Error(`${user}, after eviction: ${JSON.stringify(message)}`);
  });
  const handshakes = (await stack.countsOf('fast')).initialize - after.counts.initialize;
  if (handshakes > 0) throw new Error(`${handshakes} handshakes after eviction`);
  const ended = await timed(opened.results, async ({ user, client, id }) => {
    const { status } = await client.send('DELETE', { headers: { 'Mcp-Session-Id': id } });
    if (status !== 200) throw new Error(`${user}: DELETE ${status}`);
  });
  return {
    users: users.length,
    memory: { before: before.memory, withSessions, after: after.memory, idle, end: await weigh() },
    storagePerSession: (after.storage - before.storage) / users.length,
    perSecond: { opened: opened.perSecond, called: called.perSecond, again: again.perSecond, ended: ended.perSecond },
  };
}

// Does something for each, so many at once.
async function timed(items, action) {
  const results = [];
  const queue = items.entries();
  const from = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const [index, item] of queue) results[index] = await action(item);
  }));
  return { results, perSecond: items.length / ((performance.now() - from) / 1_000) };
}

async function storage(folder) {
  const { stdout } = await promisify(execFile)('du', ['-sk', folder]);
  return Number.parseInt(stdout, 10);
}
