// A real server is killed with SIGKILL and restarted, twice, under 200 calls of 20 users: each ends in a result or in a
// definite error by its deadline, the server's journal shows no unsafe tool run twice, and each user made one handshake
// with each process.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { openPage } from '../helpers/browsers/chromium.mjs';
import { startUsers } from '../helpers/crash/users.mjs';
import { startReferenceServer } from '../servers/proxy/reference-server.mjs';
import { startChildServer } from '../servers/shared/child-server.mjs';
import { findFreePort } from '../servers/shared/listen.mjs';

const users = 20;
const callsEach = 10;
const timeout = 30_000;
const restarts = 2;
const journalPreload = fileURLToPath(new URL('../helpers/crash/journal-preload.mjs', import.meta.url));
const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../../pkg/node.js', import.meta.url);

const servers = {
  async "the official SDK's server"(journal) {
    const port = await findFreePort();
    const program = fileURLToPath(new URL('../servers/sdk-server.mjs', import.meta.url));
    const env = { JOURNAL: journal, UNSAFE: 'slow' };
    const server = await startChildServer({
      name: 'the SDK server',
      args: ['--import', journalPreload, program, '--port', String(port)],
      env,
      port,
    });
    return {
      server,
      unsafe: { name: 'slow', length: { name: 'ms', least: 40, step: 150 } },
      safe: { name: 'echo', arguments: { text: 'hello' } },
    };
  },
  async 'the reference server'(journal) {
    const tool = 'trigger-long-running-operation';
    const server = await startReferenceServer({ preloads: [journalPreload], env: { JOURNAL: journal, UNSAFE: tool } });
    return {
      server,
      unsafe: { name: tool, arguments: { steps: 1 }, length: { name: 'duration', least: 0.04, step: 0.15 } },
      safe: { name: 'echo', arguments: { message: 'hello' } },
    };
  },
};

/** Both runtimes provide the same three functions. */
const runtimes = {
  async Node(plan) {
    return startUsers(await import(packageEntry), plan);
  },
  async Chromium(plan) {
    const { page, close } = await openPage();
    await page.evaluate(async (sent) => {
      const [{ default: init, ...mcp }, { startUsers: start }] = await Promise.all([
        import('/pkg/browser.js'),
        import('/tests/helpers/crash/users.mjs'),
      ]);
      await init();
      globalThis.users = start(mcp, sent);
    }, plan);
    return {
      ready: page.evaluate(() => globalThis.users.ready),
      calls: (round) => page.evaluate((number) => globalThis.users.calls(number), round),
      look: (round) => page.evaluate((number) => globalThis.users.look(number), round),
      close: async () => {
        await page.evaluate(() => globalThis.users.close());
        await close();
      },
    };
  },
};

for (const [serverName, start] of Object.entries(servers)) {
  for (const [runtime, startIn] of Object.entries(runtimes)) {
    test(`${serverName} is killed under ${users * callsEach} calls, ${runtime}`, {
      timeout: 180_000,
    }, async (context) => {
      const folder = await mkdtemp(join(tmpdir(), 'crash-'));
      const journal = join(folder, 'journal');
      await writeFile(journal, '');
      const entries = async () =>
        (await readFile(journal, 'utf8'))
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line));
      const { server, ...tools } = await start(journal);
      // A page has six connections to one host, and each user's stream takes one: every user has a host of its own.
      const urls = Array.from(
        { length: runtime === 'Node' ? 1 : users },
        (_, user) => `http://${runtime === 'Node' ? '127.0.0.1' : `user${user}.localhost`}:${server.port}/mcp`,
      );
      const client = await startIn({ urls, users, callsEach, timeout, ...tools });
      try {
        await client.ready;
        const outcomes = [];
        for (let round = 0; round < restarts; round += 1) {
          const before = (await entries()).filter(({ tool }) => tool).length;
          const calls = client.calls(round);
          await until(async () => (await entries()).filter(({ tool }) => tool).length >= before + 60);
          await server.kill();
          await wait(300);
          await server.start();
          outcomes.push(...(await calls));
          const looks = await client.look(round);
          assert.deepEqual(
            looks.filter(({ ok }) => !ok),
            [],
            'afterwards all users are served',
          );
        }
        expectHonesty(outcomes, await entries());
        context.diagnostic(summary(outcomes));
      } finally {
        await client.close();
        await server.close();
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
}

function expectHonesty(outcomes, journal) {
  const runs = new Map();
  for (const { tool, key } of journal) if (tool) runs.set(key, (runs.get(key) ?? 0) + 1);
  const ran = ({ key }) => runs.get(key) ?? 0;

  assert.equal(outcomes.length, users * callsEach * restarts);
  for (const outcome of outcomes) {
    const said = JSON.stringify(outcome);
    assert.ok(outcome.ms <= timeout + 1_000, `late: ${said}`);
    if (!outcome.ok) assert.equal(outcome.isMcpError, true, said);
    if (outcome.isUnsafe) expectAtMostOneRun(outcome, ran(outcome), said);
    // An outage of half a second loses no safe call; neither in a page, which cannot distinguish a refused connection
    // from a broken one.
    else assert.ok(outcome.ok, `a safe call failed: ${said}`);
  }
  assert.ok(
    outcomes.some(({ ok, isUnsafe }) => !ok && isUnsafe),
    'the kills happened during calls',
  );

  const handshakes = new Map();
  for (const { handshake, process: id } of journal)
    if (handshake) handshakes.set(`${id} ${handshake}`, (handshakes.get(`${id} ${handshake}`) ?? 0) + 1);
  assert.deepEqual(
    [...handshakes].filter(([, times]) => times !== 1),
    [],
    'one handshake for each user and process',
  );
  assert.equal(handshakes.size, users * (restarts + 1), 'every user, every process');
}

function expectAtMostOneRun({ ok, code }, runs, said) {
  assert.ok(runs <= 1, `ran ${runs} times: ${said}`);
  if (ok) assert.equal(runs, 1, said);
  // After any code but "unknown" or "too late" the application may retry: the call must not have run.
  else if (!['outcome_unknown', 'request_timeout'].includes(code)) assert.equal(runs, 0, `it ran: ${said}`);
}

function summary(outcomes) {
  const counted = {};
  for (const { ok, isUnsafe, code } of outcomes) {
    const name = `${isUnsafe ? 'unsafe' : 'safe'}: ${ok ? 'result' : code}`;
    counted[name] = (counted[name] ?? 0) + 1;
  }
  return `${JSON.stringify(counted)}, slowest ${Math.max(...outcomes.map(({ ms }) => ms))} ms`;
}

async function until(condition) {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the server did not begin the calls');
    await wait(20);
  }
}
