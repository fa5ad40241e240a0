// Programs of others at a server that refuses everything before a login: the link is within their reach, and they go on after it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textOf } from './clients.mjs';
import { moreClients } from './more-clients.mjs';
import { Browser, linkIn, startWorld, users } from './oauth-world.mjs';

for (const name of ['mcp-remote', 'the OpenAI Agents SDK', 'FastMCP'])
  test(name, async (t) => {
    const world = await startWorld();
    t.after(() => world.stop());
    const client = await moreClients[name](world.url);
    const link = linkIn(textOf(await client.call('log_in_to_notes', {})));
    assert.equal((await new Browser().logIn(link, users.ada)).status, 200);
    assert.equal(textOf(await client.call('echo', { text: 'x' })), 'x');
    await client.end();
  });
