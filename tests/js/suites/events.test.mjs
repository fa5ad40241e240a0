// Events have the fields that their types say: what is always there, and nothing that is not described.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { McpManager } from '../../../pkg/node.js';
import { startScriptedServer } from '../servers/scripted-server.mjs';

const base = ['at', 'generation', 'serverName', 'userId'];
const described = await readTypes();

/** What `SessionEventMap` says: the fields of each event that are always there, and those that may be. */
async function readTypes() {
  const text = await readFile(new URL('../../../npm/index.d.ts', import.meta.url), 'utf8');
  const map = text.slice(text.indexOf('interface SessionEventMap'), text.indexOf('export type SessionCustomEvent'));
  const found = {};
  for (const [, type, , args = ''] of map.matchAll(/^ {2}(\w+): DetailWith(<([^>]*)>)?;/gm)) {
    const [always, perhaps = ''] = args.split(',');
    const names = (union) => [...union.matchAll(/'(\w+)'/g)].map(([, name]) => name);
    found[type] = { always: names(always), perhaps: names(perhaps) };
  }
  return found;
}

describe('events', { timeout: 60_000 }, () => {
  let server;
  let manager;
  let state;
  const seen = {};

  before(async () => {
    state = { lost: new Set(), isDown: false, isBusy: false };
    server = await startScriptedServer(({ request, response, message }) => {
      const end = (status, headers) => response.writeHead(status, headers).end() !== undefined;
      if (state.isDown) return end(503);
      if (state.isRefusing) return end(500);
      if (state.lost.has(request.headers['mcp-session-id'])) return end(404);
      if (state.isBusy && message?.method === 'tools/call') {
        state.isBusy = false;
        return end(429, { 'Retry-After': '0.01' });
      }
      if (request.method !== 'GET') return false;
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
      setTimeout(() => response.end(), 20);
      return true;
    });
    const common = { url: server.url, protocolVersion: 'legacy' };
    const quick = { retryDelay: 1, retryAttempts: 2 };
    const mcpServers = {
      s: { ...common, sessionConfig: { ...quick, retryAttempts: 40 } },
      short: { ...common, sessionConfig: { ...quick, timeout: 30 } },
    };
    manager = new McpManager({ mcpServers }, { log() {} });
    for (const type of Object.keys(described))
      manager.events.addEventListener(type, (event) => {
        seen[type] ??= [];
        seen[type].push(event);
      });
  });
  after(async () => {
    await manager.close();
    await server.close();
  });
  const until = async (condition) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  test('the table of types was read', () => {
    assert.equal(Object.keys(described).length, 23);
    assert.deepEqual(described.recoverySucceeded, { always: ['code', 'durationMs'], perhaps: [] });
  });

  test('each event is as its type says', async () => {
    const session = await manager.connect('ada', 's');
    await manager.connect('ada', 's');
    await session.callTool({ name: 'read' });
    state.isBusy = true;
    await session.callTool({ name: 'read' });
    state.lost.add(session.sessionId);
    await session.callTool({ name: 'read' });
    state.isDown = true;
    const waiting = session.listTools();
    await until(() => seen.outageStarted);
    state.isDown = false;
    await waiting;
    await until(() => seen.outageEnded && seen.streamClosed);
    await session.terminate();

    const short = await manager.connect('ada', 'short');
    await until(() => seen.sessionExpired);
    await short.callTool({ name: 'read' });
    state.lost.add(short.sessionId);
    state.isRefusing = true;
    await assert.rejects(short.callTool({ name: 'read' }));
    state.isRefusing = false;

    const types = Object.keys(seen);
    assert.ok(types.length >= 13, `seen: ${types}`);
    for (const [type, events] of Object.entries(seen))
      for (const event of events) {
        const fields = Object.keys(event.detail);
        const { always, perhaps } = described[type];
        const lacking = [...base, ...always].filter((name) => !fields.includes(name));
        const surplus = fields.filter((name) => ![...base, ...always, ...perhaps].includes(name));
        assert.deepEqual({ type, lacking, surplus }, { type, lacking: [], surplus: [] });
        assert.equal(event.type, type);
      }
  });
});
