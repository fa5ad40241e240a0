// The module's timer and the timers that an entry of the package gives it (npm/timers.js).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, beforeEach, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { answering, loadWatched } from '../helpers/module-memory.mjs';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../../pkg/node.js', import.meta.url);
const PAGE = 64 * 1024;

let McpManager;
let memory;
before(async () => ({ McpManager, memory } = await loadWatched(() => import(packageEntry))));

const newManager = (options, sessionConfig = {}) =>
  new McpManager(
    { mcpServers: { s: { url: 'http://server.test/mcp', sessionConfig } } },
    { env: {}, log: () => {}, fetch: answering, ...options },
  );

// The host's timers, which a test may refuse, or run by hand.
const { setTimeout: setTimeoutOfHost, clearTimeout: clearTimeoutOfHost } = globalThis;
beforeEach(() => Object.assign(globalThis, { setTimeout: setTimeoutOfHost, clearTimeout: clearTimeoutOfHost }));
after(() => Object.assign(globalThis, { setTimeout: setTimeoutOfHost, clearTimeout: clearTimeoutOfHost }));

function timersByHand() {
  const armed = new Map();
  globalThis.setTimeout = (handler) => {
    const timer = { unref() {}, ref() {} };
    armed.set(timer, handler);
    return timer;
  };
  globalThis.clearTimeout = (timer) => armed.delete(timer);
  return {
    armed,
    fire() {
      const [[timer, handler]] = armed;
      armed.delete(timer);
      handler();
    },
  };
}

test('a host that refuses timers costs the deadlines, and nothing else', async () => {
  let refused = 0;
  globalThis.setTimeout = () => {
    refused += 1;
    throw new Error('Disallowed operation called within global scope');
  };
  const manager = newManager();
  const session = await manager.connect('u', 's');
  await session.ping();
  await manager.close();
  assert.ok(refused > 0, 'the module asked for a timer');
});

test('a manager may be closed and freed in the callback of its own timer', async () => {
  const { armed, fire } = timersByHand();
  const silent = (url, init) => (/tools\/call/.test(init.body) ? new Promise(() => {}) : answering(url, init));
  const manager = newManager({ fetch: silent });
  const { events } = manager;
  const session = await manager.connect('u', 's');
  const call = session.callTool({ name: 't' }, { timeout: 1 });
  let isFiring = false;
  const settledWhileFiring = [];
  events.addEventListener(
    'requestSettled',
    () => {
      settledWhileFiring.push(isFiring);
      session.free();
      manager.close();
      manager.free();
    },
    { once: true },
  );
  const late = performance.now() + 2;
  while (performance.now() < late);
  assert.equal(armed.size, 1);
  isFiring = true;
  fire();
  isFiring = false;
  await assert.rejects(call, { code: 'request_timeout' });
  assert.deepEqual(settledWhileFiring, [true]);
  assert.equal(armed.size, 0, 'no timer is left');
});

// As docs/toolchains.md says of fake timers.
test('where a test fakes `performance` with the timers, a call ends when they are advanced', async (context) => {
  let now = performance.now();
  context.mock.method(performance, 'now', () => now);
  const { armed, fire } = timersByHand();
  const silent = (url, init) => (/tools\/call/.test(init.body) ? new Promise(() => {}) : answering(url, init));
  const manager = newManager({ fetch: silent });
  const session = await manager.connect('u', 's');
  const refused = assert.rejects(session.callTool({ name: 't' }, { timeout: 60_000 }), { code: 'request_timeout' });
  now += 60_000;
  assert.equal(armed.size, 1);
  fire();
  await refused;
  await manager.close();
});

test('a timer that a test fakes without the clock ends a call as well', async () => {
  const { fire } = timersByHand();
  const silent = (url, init) => (/tools\/call/.test(init.body) ? new Promise(() => {}) : answering(url, init));
  const manager = newManager({ fetch: silent });
  const session = await manager.connect('u', 's');
  const refused = assert.rejects(session.callTool({ name: 't' }, { timeout: 60_000 }), { code: 'request_timeout' });
  while (manager.getSessionInfo('u', 's').inFlight > 0) fire(); // the first one was set for the handshake
  await refused;
  await manager.close();
});

test('calls are answered although a test has replaced the timers and advances none', async (context) => {
  const manager = newManager();
  const session = await manager.connect('u', 's');
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] });
  await session.ping();
  const other = newManager();
  await (await other.connect('u', 's')).ping();
  await Promise.all([manager.close(), other.close()]);
});

// As fake timers do, which do not know the real ones that were set before them.
test('a timer that could not be cleared does nothing when it fires', async () => {
  const { armed, fire } = timersByHand();
  const manager = newManager();
  await manager.connect('u', 's');
  globalThis.clearTimeout = () => {};
  await manager.close();
  assert.ok(armed.size > 0);
  while (armed.size > 0) fire();
});

test('100,000 timers, each armed when the one before fired, leave nothing behind', async () => {
  const { armed, fire } = timersByHand();
  const manager = newManager({}, { keepAlive: 1_000, timeout: Number.MAX_SAFE_INTEGER });
  await manager.connect('u', 's');
  const pinged = async (times) => {
    for (let count = 0; count < times; count += 1) {
      fire();
      await nextTurn();
    }
  };
  await pinged(1_000);
  const pages = memory.buffer.byteLength / PAGE;
  await pinged(100_000);
  assert.equal(armed.size, 1);
  assert.equal(memory.buffer.byteLength / PAGE - pages, 0, 'pages of memory');
  await manager.close();
});

test('100,000 timers, each replaced by one for an earlier deadline, leave nothing behind', async () => {
  const { armed } = timersByHand();
  const manager = newManager();
  const session = await manager.connect('u', 's');
  const arm = async (times, longest) => {
    for (let count = 0; count < times; count += 1) await session.ping({ timeout: longest - count });
  };
  await arm(1_000, 3_000_000);
  const pages = memory.buffer.byteLength / PAGE;
  await arm(100_000, 2_900_000);
  assert.equal(armed.size, 1);
  assert.ok(memory.buffer.byteLength / PAGE - pages <= 2, 'pages of memory');
  await manager.close();
});

// A program of its own: whether it ends is the question.
async function lifeOf(program) {
  const source = `import { McpManager } from ${JSON.stringify(packageEntry.href)};\n${program}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  const [code] = await once(child, 'exit');
  return { code, printed };
}

const fetchInMemory = `const answering = ${answering};`;

test('a program ends although a session of it would expire in an hour', { timeout: 120_000 }, async () => {
  const { code, printed } = await lifeOf(`
    ${fetchInMemory}
    const manager = new McpManager({ mcpServers: { s: { url: 'http://server.test/mcp' } } }, { env: {}, log() {}, fetch: answering });
    await (await manager.connect('u', 's')).ping();
    console.log('answered');`);
  assert.deepEqual({ code, printed }, { code: 0, printed: 'answered\n' });
});

test('a program lives as long as calls of two managers wait for nothing but a timer', {
  timeout: 120_000,
}, async () => {
  const { code, printed } = await lifeOf(`
    ${fetchInMemory}
    let refusals = 0;
    const busy = async (url, init) => {
      if (!/tools\\/call/.test(init.body) || (refusals += 1) > 3) return answering(url, init);
      return new Response('', { status: 429, headers: { 'retry-after': '0.2' } });
    };
    const call = async () => {
      const manager = new McpManager({ mcpServers: { s: { url: 'http://server.test/mcp' } } }, { env: {}, log() {}, fetch: busy });
      await (await manager.connect('u', 's')).callTool({ name: 't' });
      console.log('answered');
    };
    await Promise.all([call(), call()]);`);
  assert.deepEqual({ code, printed }, { code: 0, printed: 'answered\nanswered\n' });
});
