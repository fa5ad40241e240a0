// The time that one call adds to a bare fetch and JSON.parse: both against the same fake fetch in this process, taking
// turns, so that noise affects both.
// usage: node benches/call.mjs [rounds]

import { McpManager } from '../pkg/node.js';

const rounds = Number(process.argv[2] ?? 40);
const callsPerRound = 250;

const results = {
  initialize: {
    protocolVersion: '2025-11-25',
    capabilities: { tools: {} },
    serverInfo: { name: 'fake', version: '1' },
  },
  'tools/list': { tools: [] },
  'tools/call': { content: [{ type: 'text', text: 'x'.repeat(1_000) }] },
};

async function fakeFetch(_url, { method, body } = {}) {
  if (method !== 'POST') return new Response(null, { status: 405 });
  const { id, method: rpcMethod } = JSON.parse(body);
  if (id === undefined) return new Response(null, { status: 202 });
  const headers = { 'content-type': 'application/json' };
  if (rpcMethod === 'initialize') headers['mcp-session-id'] = '0123456789abcdef';
  return new Response(JSON.stringify({ jsonrpc: '2.0', id, result: results[rpcMethod] ?? {} }), { headers });
}

let bareId = 0;
async function bareCall() {
  const response = await fakeFetch('http://fake/mcp', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: ++bareId,
      method: 'tools/call',
      params: { name: 'echo', arguments: {} },
    }),
  });
  return JSON.parse(await response.text()).result;
}

async function microsecondsPerCall(call) {
  const started = performance.now();
  for (let index = 0; index < callsPerRound; index += 1) await call();
  return ((performance.now() - started) * 1_000) / callsPerRound;
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

const manager = new McpManager(
  { mcpServers: { fake: { url: 'http://fake/mcp' } } },
  { env: {}, fetch: fakeFetch, log: () => {} },
);
const session = await manager.connect('bench', 'fake');
const ours = () => session.callTool({ name: 'echo', arguments: {} });

const times = { bare: [], ours: [] };
for (let round = 0; round < rounds; round += 1) {
  times.bare.push(await microsecondsPerCall(bareCall));
  times.ours.push(await microsecondsPerCall(ours));
}
// The first rounds are a warm-up.
const bare = median(times.bare.slice(rounds / 4));
const whole = median(times.ours.slice(rounds / 4));
console.log(
  `one call, in-process fetch: bare ${bare.toFixed(1)} µs, through a session ${whole.toFixed(1)} µs, added ${(whole - bare).toFixed(1)} µs`,
);
await manager.close();
