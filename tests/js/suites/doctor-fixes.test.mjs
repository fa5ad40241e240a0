// Each fix of the doctor page in a real server of its framework: without it the doctor names its topic, with it the server can be used. nginx,
// Python and Workers are in doctor-fixes.all.mjs.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { diagnose, verdictOf } from '../../../pkg/diagnose.js';
import { fixes } from '../../../www/doctor/fixes.js';
import { expressApp, honoApp, shared } from '../helpers/fixes/apps.mjs';
import { makeStarter, underName } from '../helpers/fixes/start.mjs';
import { root } from '../helpers/snippets/project.mjs';
import { startAuthorizationServer } from '../servers/authorization-server.mjs';

const patience = { timeout: 60_000 };
const origin = 'https://app.example';
const noSession = `const transport = transports.get(request.headers['mcp-session-id']);
  if (!transport) return response.status(400).json({ jsonrpc: '2.0', error: { code: -32000, message: 'Bad Request: No valid session ID provided' }, id: null });`;
const refuses = "app.use('/mcp', (_request, response) => response.status(401).end());";

/** By framework and topic: the source without the fix, the source with it, and how the doctor comes. */
const rows = {
  express: {
    cors: { without: expressApp(), with: (before) => expressApp({ before }), origin },
    login: { without: expressApp({ before: refuses }), with: (before) => expressApp({ before }) },
    parser: { without: expressApp({ parse: '', find: noSession }), with: (parse) => expressApp({ parse }) },
    body: {
      without: expressApp({ handle: 'await transport.handleRequest(request, response);' }),
      with: (handle) => expressApp({ handle }),
    },
    transport: {
      without: expressApp({ open: shared('StreamableHTTPServerTransport') }),
      with: (open) => expressApp({ open }),
      isInUse: true,
    },
    host: {
      without: expressApp({ app: 'const app = createMcpExpressApp();' }),
      with: (app) => expressApp({ app }),
      host: 'mcp.example',
    },
    get: { without: expressApp({ get: '' }), with: (get) => expressApp({ get }) },
    end: { without: expressApp({ find: noSession }), with: (find) => expressApp({ find }) },
  },
  hono: {
    cors: { without: honoApp(), with: (before) => honoApp({ before }), origin },
    login: {
      without: honoApp({ before: "app.use('/mcp', (context) => context.body(null, 401));" }),
      with: (before) => honoApp({ before }),
    },
    transport: {
      without: honoApp({ open: shared('WebStandardStreamableHTTPServerTransport') }),
      with: (open) => honoApp({ open }),
      isInUse: true,
    },
    get: { without: honoApp({ get: '' }), with: (get) => honoApp({ get }) },
    end: {
      without: honoApp({
        find: "const transport = transports.get(context.req.header('Mcp-Session-Id'));\n  if (!transport) return context.text('No valid session ID provided', 400);",
      }),
      with: (find) => honoApp({ find }),
    },
  },
};

let starter;
let logins;

before(async () => {
  [starter, logins] = await Promise.all([makeStarter(), startAuthorizationServer()]);
});
after(() => Promise.all([starter?.remove(), logins?.close()]));

/** The verdict on a server that is started for it. */
async function verdict(source, { host, origin: from, isInUse = false }) {
  const own = await starter.module((here) =>
    source.replaceAll('https://mcp.example', here).replaceAll('https://auth.example', logins.issuer),
  );
  const server = host ? await underName(own, host) : own;
  try {
    if (isInUse) await connect(server.url);
    const target = { url: server.url, headers: {}, protocolVersion: 'auto' };
    const diagnosis = await diagnose(() => target, { timeout: 5_000, ...(from && { origin: from }) });
    return { ...verdictOf(diagnosis), diagnosis };
  } finally {
    await server.stop();
  }
}

/** Another client, which opens a session and keeps it. */
async function connect(url) {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'other', version: '1' } };
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
  });
  assert.match(await response.text(), /"serverInfo"/);
}

for (const [framework, topics] of Object.entries(rows)) {
  describe(framework, () => {
    for (const [topic, row] of Object.entries(topics))
      test(`${topic}: named without the fix, usable with it`, patience, async () => {
        const broken = await verdict(row.without, row);
        assert.equal(broken.topic, topic, JSON.stringify(broken, undefined, 2));
        const fixed = await verdict(row.with(fixes[topic].code[framework]), row);
        assert.equal(fixed.state, 'good', JSON.stringify(fixed, undefined, 2));
      });
  });
}

test('docs/fixes.md has the same code', patience, () =>
  promisify(execFile)(process.execPath, ['tools/write-fixes.mjs', '--check'], { cwd: root }),
);
