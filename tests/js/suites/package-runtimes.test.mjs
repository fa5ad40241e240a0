// The packed package, installed into an empty project, runs one session with a real server in every supported runtime.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { installPackage, workspace } from '../helpers/package/install.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';

const run = promisify(execFile);
const modules = join(workspace, 'node_modules');

const runtimes = {
  [`node ${process.versions.node}`]: [process.execPath, 'run-scenario.mjs'],
  'node 24': [join(modules, 'node-24/bin/node'), 'run-scenario.mjs'],
  deno: [join(modules, '.bin/deno'), 'run', '--no-prompt', '--allow-net', 'run-scenario.mjs'],
  bun: [join(modules, '.bin/bun'), 'run-scenario.mjs'],
};

describe('the packed package', () => {
  let installed;
  const servers = {};

  before(async () => {
    installed = await installPackage();
    servers.stateful = await startSdkServer({ mode: 'stateful' });
    servers.stateless = await startSdkServer({ mode: 'stateless' });
  });

  after(async () => {
    await Promise.all(Object.values(servers).map((server) => server.close()));
    await installed?.remove();
  });

  for (const mode of ['stateful', 'stateless']) {
    for (const [name, [program, ...words]] of Object.entries(runtimes)) {
      test(`${name}, ${mode} server`, { timeout: 60_000 }, async () => {
        const { stdout } = await run(program, [...words, servers[mode].url], {
          cwd: installed.project,
          env: { ...process.env, NO_COLOR: '1' },
        });
        checkReport(JSON.parse(stdout), name.split(' ')[0], mode);
      });
    }

    test(`workerd, ${mode} server`, { timeout: 60_000 }, async () => {
      const report = await runInWorkerd(installed.project, servers[mode].url);
      checkReport(report, 'Cloudflare-Workers', mode);
    });
  }

  test('workerd before it supported the option `cache`', { timeout: 60_000 }, async () => {
    const report = await runInWorkerd(installed.project, servers.stateless.url, '2024-01-01');
    checkReport(report, 'Cloudflare-Workers', 'stateless');
  });

  test('each session made one handshake and left nothing behind', async () => {
    const rounds = Object.keys(runtimes).length + 1;
    // One of its own, and two of the diagnosis.
    assert.equal(servers.stateful.counts.initialize, 3 * rounds);
    assert.equal(servers.stateful.counts.delete, 3 * rounds);
    assert.equal(servers.stateless.counts.delete, 0);
  });
});

function checkReport(report, runtime, mode) {
  assert.ok(report.runtime.startsWith(runtime), report.runtime);
  assert.ok(report.classes);
  assert.ok(report.oneSession);
  assert.equal(report.refused.code, 'config_error');
  assert.equal(report.refused.name, 'McpError');
  assert.match(report.refused.message, /mcpServers\.broken\.url/);
  assert.equal(report.text, 'grüße');
  assert.deepEqual(report.unknown, { code: 'rpc_error', retryable: false, serverName: 'real' });
  assert.deepEqual(report.created, { userId: 'alice', serverName: 'real' });
  assert.equal(report.live.kind, mode);
  assert.equal(report.live.state, 'ready');
  assert.equal(report.live.idLength, mode === 'stateful' ? 36 : undefined);
  assert.deepEqual(report.live.stats, { totalUsers: 1, totalSessions: 1, activeSessions: 1 });
  assert.deepEqual(report.ended, { totalUsers: 0, totalSessions: 0, activeSessions: 0 });
  assert.equal(report.diagnosis.ok, true, JSON.stringify(report.diagnosis));
  assert.equal(report.diagnosis.kind, mode);
  assert.match(report.diagnosis.steps.at(-1).detail, /^pages of https:\/\/app\.example can send/);
  assert.equal(report.late, 'closed');
}

async function runInWorkerd(project, url, compatibilityDate = '2026-04-01') {
  // As wrangler does: one script, and the module beside it, compiled at upload.
  await build({
    absWorkingDir: project,
    entryPoints: ['worker.mjs'],
    outdir: 'worker',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    loader: { '.wasm': 'copy' },
    logLevel: 'warning',
  });
  const miniflare = new Miniflare({
    modulesRoot: join(project, 'worker'),
    scriptPath: join(project, 'worker/worker.mjs'),
    modules: true,
    modulesRules: [
      { type: 'ESModule', include: ['**/*.mjs'] },
      { type: 'CompiledWasm', include: ['**/*.wasm'] },
    ],
    compatibilityDate,
    bindings: { SERVER_URL: url },
  });
  try {
    const response = await miniflare.dispatchFetch('http://localhost/');
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text);
  } finally {
    await miniflare.dispose();
  }
}
