// Very many concurrent users: a session for each, one call on each, and their memory and storage.
import { execFile } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { messageOf, sender } from '../../tests/gateway/http.mjs';
import { endSession } from './kept-connections.mjs';
import { tokenOf } from './stack.mjs';
import { memory } from './workerd.mjs';

const AT_ONCE = 32;
const EVICTED = 20_000; // workerd evicts an object that was idle for ten seconds

/**
 * Each of `users` opens a session and calls; throws unless every answer is the user's own. Prints the memory after each
 * step.
 */
export async function manyUsers(stack, users, tell) {
  const url = (await stack.target('ours', 'fast', 0)).url;
  const clients = users.map((user) => ({ user, ...sender(url, tokenOf(user)) }));
  const before = await stack.countsOf('fast');
  const grown = async () => {
    const now = await stack.countsOf('fast');
    return { handshakes: now.initialize - before.initialize, calls: now.calls.echo - before.calls.echo };
  };
  const step = async (what, action) => {
    const from = performance.now();
    await each(clients, action);
    const perSecond = users.length / ((performance.now() - from) / 1_000);
    tell(
      `${what}: ${perSecond.toFixed(0)} a second; workerd has ${(await memory(stack.gateway.pid)).toFixed(0)} MB, its storage ${await storage(stack.state)} KB`,
    );
  };
  const call = async ({ user, id, call: send }) => {
    const response = await send(id, 'echo', { text: `of ${user}` });
    const message = await messageOf(response);
    if (response.status !== 200 || message?.result?.content[0].text !== `of ${user}`)
      throw new Error(`${user}: ${response.status} ${JSON.stringify(message)}`);
  };
  await step('a session opened for each', async (client) => (client.id = await client.open()));
  await step('a call on each', call);
  await wait(EVICTED);
  await step('a call on each, after 20 s without one', call);
  const { handshakes, calls } = await grown();
  if (handshakes !== users.length || calls !== 2 * users.length)
    throw new Error(`of ${users.length} users the server saw ${handshakes} handshakes and ${calls} calls`);
  await step('each ended', ({ id, send }) => endSession(send, id));
  const { sessions } = await stack.countsOf('fast');
  if (sessions !== before.sessions)
    throw new Error(`${sessions - before.sessions} sessions that were ended live on at the server`);
}

// Runs an action for each, with limited concurrency.
async function each(items, action) {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of queue) await action(item);
    }),
  );
}

async function storage(folder) {
  // du reports files that are deleted during the count.
  const { stdout } = await promisify(execFile)('du', ['-sk', folder]).catch((error) => error);
  return Number.parseInt(stdout, 10);
}
