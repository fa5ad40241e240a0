// A closed manager leaves nothing behind in the module's memory, even if its sessions still have listeners.
import { before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { answering, leavesNothing, loadWatched } from '../helpers/module-memory.mjs';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../../pkg/node.js', import.meta.url);

let McpManager;
let memory;
before(async () => ({ McpManager, memory } = await loadWatched(() => import(packageEntry))));

const newManager = () =>
  new McpManager(
    { mcpServers: { s: { url: 'http://server.test/mcp' } } },
    { env: {}, log: () => {}, fetch: answering },
  );

test('a manager with a session that made a call', () =>
  leavesNothing(memory, async () => {
    const manager = newManager();
    const session = await manager.connect('u', 's');
    session.onnotification = () => manager.getMetrics();
    await session.ping();
    await manager.close();
  }));

test('a manager with an official client that was not closed', () =>
  leavesNothing(memory, async () => {
    const manager = newManager();
    const client = new Client({ name: 'c', version: '1' });
    await client.connect(manager.transport('u', 's'));
    await client.ping();
    await manager.close();
  }));
