// The servers of the demo: in a restart the next process is loaded beside the running one, takes its port, and has none of its sessions; their streams
// are not silent.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Channel } from '../../../www/simulated-server/channel.js';
import { startDemo } from '../servers/demo.mjs';
import { startCountingServer } from '../servers/proxy/counting-server.mjs';
import { startReferenceServer } from '../servers/proxy/reference-server.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';
import { startChildServer } from '../servers/shared/child-server.mjs';
import { findFreePort } from '../servers/shared/listen.mjs';

const run = promisify(execFile);
const headers = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };
const post = (url, message, session) =>
  fetch(url, {
    method: 'POST',
    headers: { ...headers, ...(session && { 'Mcp-Session-Id': session }) },
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
  });
const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'standby', version: '1.0.0' } };

async function openSession(url) {
  const answer = await post(url, { id: 1, method: 'initialize', params });
  await answer.text();
  assert.equal(answer.status, 200);
  const session = answer.headers.get('mcp-session-id');
  await post(url, { method: 'notifications/initialized' }, session);
  return session;
}

for (const [name, startServer, refusal] of [
  ['counting', () => startCountingServer([], { standby: true }), 404],
  ['reference', () => startReferenceServer({ standby: true }), 400],
])
  describe(`the ${name} server with a standby`, () => {
    let server;
    before(async () => {
      server = await startServer();
    });
    after(() => server?.close());

    test('loses its sessions in a restart, and opens new ones, as often as it is restarted', async () => {
      for (let times = 1; times <= 3; times += 1) {
        const session = await openSession(server.url);
        const ping = () => post(server.url, { id: 2, method: 'ping' }, session);
        assert.equal((await ping()).status, 200);
        await server.restart();
        assert.equal((await ping()).status, refusal);
        assert.equal(server.restarts, times);
      }
      await openSession(server.url);
    });

    test('is listened to at the loopback address only', async () => {
      const other = createServer().listen(server.port, '127.0.0.2');
      await once(other, 'listening');
      other.close();
    });
  });

describe('the process that stands by', () => {
  async function start(context) {
    const port = await findFreePort();
    const program = `require('http').createServer((_, answer) => answer.end(String(process.pid))).listen(${port}, '127.0.0.1')`;
    const server = await startChildServer({ name: 'the server', args: ['--eval', program], port, standby: true });
    context.after(server.close);
    const pid = async () => Number(await (await fetch(`http://127.0.0.1:${port}`)).text());
    return { server, pid };
  }
  const isAlive = (pid) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  test('is loaded before the running one ends, and takes its place', async (context) => {
    const { server, pid } = await start(context);
    for (let times = 0; times < 2; times += 1) {
      const [first, next] = [await pid(), await server.standby()];
      assert.notEqual(next, first);
      await server.restart();
      assert.equal(await pid(), next);
      assert.ok(!isAlive(first));
    }
  });

  test('is asked before it is loaded, and comes then', async (context) => {
    const { server, pid } = await start(context);
    const first = await pid();
    await server.restart();
    await server.restart();
    assert.notEqual(await pid(), first);
  });

  test('is replaced if it has ended by itself', async (context) => {
    const { server, pid } = await start(context);
    const next = await server.standby();
    process.kill(next, 'SIGKILL');
    while (isAlive(next)) await wait(10);
    await server.restart();
    assert.notEqual(await pid(), next);
  });

  test('ends with the running one', async (context) => {
    const { server, pid } = await start(context);
    const both = [await pid(), await server.standby()];
    await server.close();
    assert.deepEqual(both.filter(isAlive), []);
  });
});

describe('a GET stream with nothing to say', () => {
  const comment = ': keep-alive\n\n';

  test('has comments at the real server', async (context) => {
    const server = await startSdkServer({ keepAlive: 10 });
    context.after(server.close);
    const session = await openSession(server.url);
    const answer = await fetch(server.url, { headers: { ...headers, 'Mcp-Session-Id': session } });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (text.split(comment).length < 4) text += (await reader.read()).value;
    await reader.cancel();
  });

  test('has comments at the simulated server, as long as it is open', async (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] });
    const channel = new Channel('listen');
    const reader = channel.open().body.pipeThrough(new TextDecoderStream()).getReader();
    const read = async () => (await reader.read()).value;
    assert.match(await read(), /^id: listen\.0\n/);
    for (let times = 0; times < 3; times += 1) {
      context.mock.timers.tick(25_000);
      assert.equal(await read(), comment);
    }
    channel.close();
    context.mock.timers.tick(25_000);
    assert.equal(await read(), undefined);
    assert.equal(channel.connected, false);
  });
});

test('what the page says to install can be installed, and run', { timeout: 120_000 }, async (context) => {
  const demo = await startDemo({ port: 0 });
  context.after(demo.close);
  const folder = await mkdtemp(join(tmpdir(), 'mcp-tether-install-'));
  context.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  const npm = (...words) => run('npm', [...words, '--no-audit', '--no-fund'], { cwd: folder });
  const packed = new URL('mcp-tether.tgz', demo.pageUrl).href;
  await npm('install', packed);
  const program = "import { McpManager } from 'mcp-tether'; console.log(typeof McpManager)";
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: folder });
  assert.equal(stdout, 'function\n');
  const { stdout: version } = await run('npx', ['--yes', packed, '--version'], { cwd: folder });
  assert.match(version, /^\d+\.\d+\.\d+/);
});
