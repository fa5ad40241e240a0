// What answers in place of a server, and servers that differ from the protocol: the doctor puts the right fix first, and
// calls a server usable just if the client works with it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { diagnose, verdictOf } from '../../../pkg/diagnose.js';
import { McpManager } from '../../../pkg/node.js';
import { brokenServers } from '../helpers/diagnose/broken-servers.mjs';
import { fronts } from '../helpers/diagnose/fronts.mjs';
import { listen } from '../servers/shared/listen.mjs';

const timeout = 1_000; // of servers that do not answer; all others answer at once

async function verdictOn({ serve, headers = {}, origin }, context) {
  const server = await listen(serve);
  context.after(server.close);
  const url = `${server.origin}/mcp`;
  const target = { url, headers, protocolVersion: 'auto' };
  const diagnosis = await diagnose(() => target, { timeout, ...(origin && { origin }) });
  return { url, verdict: verdictOf(diagnosis), diagnosis };
}

/** Whether a session can be opened and used. */
async function works(url, headers = {}) {
  const settings = { url, headers, timeout: 2_000, initTimeout: 2_000 };
  const manager = new McpManager({ mcpServers: { s: settings } }, { log: () => {} });
  try {
    const session = await manager.connect('ada', 's');
    await session.ping();
    await session.listTools();
    return true;
  } catch {
    return false;
  } finally {
    await manager.close();
  }
}

describe('the fix that comes first', { concurrency: 4 }, () => {
  for (const [name, { first, isUsable = false, ...row }] of Object.entries(fronts))
    test(name, { timeout: 60_000 }, async (context) => {
      const { url, verdict, diagnosis } = await verdictOn(row, context);
      assert.match(verdict.first ?? '', first, JSON.stringify(diagnosis, undefined, 2));
      assert.equal(verdict.state, isUsable ? 'advice' : 'broken');
      assert.equal(await works(url), isUsable, 'the client');
    });
});

describe('the doctor and the client agree on broken servers', { concurrency: 4 }, () => {
  for (const [name, row] of Object.entries(brokenServers))
    test(name, { timeout: 60_000 }, async (context) => {
      // A page's origin is the page's affair: the client here sends none.
      const { url, verdict, diagnosis } = await verdictOn({ ...row, origin: undefined }, context);
      const usable = await works(url, row.headers);
      assert.equal(verdict.state !== 'broken', usable, JSON.stringify(diagnosis, undefined, 2));
    });
});
