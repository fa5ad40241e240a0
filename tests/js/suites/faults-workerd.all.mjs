// Some rows of the fault table in workerd: one Worker request a row, the lifetime of a manager in a plain Worker.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { expectRow } from '../helpers/faults/expect.mjs';
import { plain } from '../helpers/faults/page.mjs';
import { rows } from '../helpers/faults/rows.mjs';
import { startFaultServer } from '../servers/fault-server.mjs';

const packageFolder = process.env.MCP_TETHER_PACKAGE
  ? dirname(resolve(process.env.MCP_TETHER_PACKAGE))
  : fileURLToPath(new URL('../../../pkg', import.meta.url));
const chosen = [
  'lost-404/a',
  'lost-404/b',
  'lost-400-ts-example/row',
  'lost-200-error/row',
  'lost-404/replay-never',
  'session-id-swap/row',
  'unavailable-503-retry/row',
  'rate-429-date/row',
  'bad-gateway-502/row',
  'method-not-found-404/row',
  'redirect-other-origin/row',
  'get-405/row',
  'reset-after-execution/row',
  'cut-stream/set',
  'never-answers/row',
  'get-retry-zero/row',
  'stream-resume/row',
  'stream-polling/row',
  'stream-ends-unanswered/row',
  'huge-json/row',
  'html-page/row',
  'healthy/h',
];

describe('rows of the fault table in workerd', { concurrency: 4 }, () => {
  let folder;
  let miniflare;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'workerd-'));
    await build({
      entryPoints: [fileURLToPath(new URL('../helpers/faults/worker.mjs', import.meta.url))],
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      format: 'esm',
      conditions: ['workerd', 'worker', 'browser'],
      alias: { 'mcp-tether': join(packageFolder, 'workerd.js') },
      loader: { '.wasm': 'copy' },
      logLevel: 'warning',
    });
    miniflare = new Miniflare({
      modulesRoot: folder,
      scriptPath: join(folder, 'worker.mjs'),
      modules: true,
      compatibilityDate: '2026-04-01',
      modulesRules: [
        { type: 'ESModule', include: ['**/*.mjs'] },
        { type: 'CompiledWasm', include: ['**/*.wasm'] },
      ],
    });
    await miniflare.ready;
  });
  after(async () => {
    await miniflare?.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  for (const row of rows.filter(({ fault, place = 'row' }) => chosen.includes(`${fault}/${place}`))) {
    test(row.name, { timeout: 60_000 }, async () => {
      const server = await startFaultServer();
      try {
        const path = `/${row.fault}/${row.place ?? 'row'}`;
        const response = await miniflare.dispatchFetch('http://localhost/', {
          method: 'POST',
          body: JSON.stringify({ row: plain(row, server.origin), origin: server.origin }),
        });
        const text = await response.text();
        assert.equal(response.status, 200, text);
        const counts = server.counts(path);
        expectRow({ ...row, ...row.workerd }, JSON.parse(text), counts);
        await wait(300);
        assert.equal(server.counts(path).trace.length, counts.trace.length, 'nothing is sent after close()');
      } finally {
        await server.close();
      }
    });
  }
});
