// Runs the official conformance suite against the built package. The suite needs Node 22, the package does not.
// CONFORMANCE_CLIENT names another client script, CONFORMANCE_CLIENT_NODE another Node binary for the client, and
// MCP_TETHER_PACKAGE another entry of the package.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const suiteNode = join(dirname(require.resolve('node-22/package.json')), 'bin', 'node');
const suite = findSuite();
const client = process.env.CONFORMANCE_CLIENT ?? here('conformance-client.mjs');
const clientNode = process.env.CONFORMANCE_CLIENT_NODE ?? process.execPath;

const passing = ['initialize', 'tools_call', 'sse-retry', 'elicitation-sep1034-client-defaults'];

test('the package is built', () => {
  const entry = process.env.MCP_TETHER_PACKAGE ?? here('../../pkg/node.js');
  assert.ok(existsSync(entry), `${entry} is missing: run \`make build\``);
});

for (const scenario of passing) {
  test(`conformance: ${scenario}`, { timeout: 60_000 }, async () => {
    const { code, output } = await runScenario(scenario);
    assert.equal(code, 0, output);
    assert.match(output, /\b[1-9]\d*\/\d+ passed|Passed: [1-9]\d*/i, `no check ran:\n${output}`);
    assert.doesNotMatch(output, /[1-9]\d* warnings?/i, `a check warned:\n${output}`);
  });
}

test('every other client scenario is listed as an expected failure', async () => {
  const { output } = await run(suiteNode, [suite, 'list']);
  const names = [...output.slice(output.indexOf('Client scenarios')).matchAll(/^ {2}- (\S+)/gm)].map(([, name]) => name);
  const listed = [...(await readFile(here('conformance-expected-failures.yml'), 'utf8')).matchAll(/^ {2}- (\S+)/gm)].map(([, name]) => name);
  assert.deepEqual([...passing, ...listed].sort(), names.sort());
});

async function runScenario(scenario) {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    return await run(suiteNode, [
      suite, 'client', '--command', `${clientNode} ${client}`, '--scenario', scenario, '--timeout', '30000', '--output-dir', folder, '--verbose',
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(program, words) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

function findSuite() {
  const manifest = here('../../node_modules/@modelcontextprotocol/conformance/package.json');
  const { bin } = require(manifest);
  return join(dirname(manifest), typeof bin === 'string' ? bin : bin.conformance);
}
