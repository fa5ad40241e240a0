// The server scenarios of the official conformance suite: what a server passes directly, it passes through the front as well.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startConformanceServer } from '../js/servers/conformance-server.mjs';
import { startModernServer } from '../js/servers/modern-server.mjs';
import { startStack } from './stack.mjs';

const require = createRequire(import.meta.url);
const suiteNode = join(dirname(require.resolve('node-22/package.json')), 'bin', 'node');
const programOf = (name) => fileURLToPath(new URL(`../../node_modules/${name}/dist/index.js`, import.meta.url));
const suites = {
  '2025-11-25': { program: programOf('@modelcontextprotocol/conformance'), server: 'conformance', start: startConformanceServer, atLeast: 32 },
  '2026-07-28': { program: programOf('conformance-next'), server: 'modern', start: () => startModernServer(), atLeast: 10 },
};

// The server of 2026-07-28 is not made for the suite: few scenarios find there what they look for.
for (const [revision, { program, server: name, start, atLeast }] of Object.entries(suites)) {
  describe(`conformance of a server of ${revision}, directly and through the front`, () => {
    let server;
    let stack;
    before(async () => {
      server = await start();
      stack = await startStack({ servers: { [name]: { url: server.url } }, vars: { AUTH: 'none', RATE_PER_MINUTE: 0, MAX_SESSIONS_PER_USER: 1_000, ALLOWED_ORIGINS: '' } });
      const { port } = new URL(stack.origin);
      await stack.restartFront({ vars: { ALLOWED_ORIGINS: `http://localhost:${port} http://127.0.0.1:${port}` } });
    });
    after(async () => {
      await stack.stop();
      await server.close();
    });

    test('every scenario that passes directly passes through the front', { timeout: 600_000 }, async (t) => {
      const scenarios = await scenariosOf(program, revision);
      assert.ok(scenarios.length > 10);
      const passed = { directly: [], 'through the front': [] };
      const outputs = {};
      const both = async (scenario) => {
        for (const [how, url] of [['directly', server.url], ['through the front', `${stack.origin}/${name}/mcp`]]) {
          const { code, output } = await run(program, ['server', '--url', url, '--scenario', scenario, '--spec-version', revision]);
          outputs[scenario] = output;
          if (code === 0) passed[how].push(scenario);
        }
      };
      const waiting = [...scenarios];
      const worker = async () => {
        while (waiting.length > 0) await both(waiting.shift());
      };
      await Promise.all([worker(), worker(), worker()]);
      for (const [how, list] of Object.entries(passed)) t.diagnostic(`${how}: ${list.length} of ${scenarios.length}: ${list.join(', ')}`);
      const lost = passed.directly.filter((scenario) => !passed['through the front'].includes(scenario));
      assert.deepEqual(lost, [], lost.map((scenario) => `${scenario}, through the front:\n${outputs[scenario].slice(-3_000)}`).join('\n'));
      assert.ok(passed.directly.length >= atLeast);
    });
  });
}

async function scenariosOf(program, revision) {
  const { output } = await run(program, ['list', '--server']);
  return [...output.matchAll(/^ {2}- (\S+) \[([^\]]*)\]/gm)].filter(([, , revisions]) => revisions.includes(revision)).map(([, scenario]) => scenario);
}

async function run(program, words) {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    return await new Promise((resolve, reject) => {
      const options = words[0] === 'server' ? [...words, '--output-dir', folder] : words;
      const child = spawn(suiteNode, [program, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, output }));
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
