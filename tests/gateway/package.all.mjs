// The template with what it asks npm for: its own tests on workerd by Cloudflare's plugin for vitest, and its types.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { newerNode, packed, run } from './package-project.mjs';

let project;
let folder;
const npm = (...args) =>
  run('npm', args, {
    cwd: folder,
    env: { ...process.env, PATH: `${dirname(newerNode)}:${process.env.PATH}`, CI: 'true' },
  });

before(async () => {
  project = await packed();
  await run(process.execPath, [project.cli, 'init', 'gateway'], { cwd: project.folder });
  folder = join(project.folder, 'gateway');
  // Not from npm: the package is not there before its release.
  const manifest = join(folder, 'package.json');
  const text = await readFile(manifest, 'utf8');
  await writeFile(
    manifest,
    text.replace(/"mcp-tether-gateway": ".*?"/, `"mcp-tether-gateway": "file:${project.tarball}"`),
  );
  const { code, stdout, stderr } = await npm('install', '--no-audit', '--no-fund');
  assert.equal(code, 0, stdout + stderr);
});
after(() => project?.remove());

test('its tests pass: an official client calls a tool through the gateway', async () => {
  const { code, stdout, stderr } = await npm('test');
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /2 passed/);
});

test('its types fit those that wrangler generates', async () => {
  const { code, stdout, stderr } = await npm('run', 'types');
  assert.equal(code, 0, stdout + stderr);
});
