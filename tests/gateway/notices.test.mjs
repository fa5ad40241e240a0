// The built gateway includes the licences of the npm packages in its bundle; the bundle's own comments name them.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const read = (path) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

test('the notices of the gateway name each bundled package and each linked crate', async () => {
  const bundle = await read('gateway/dist/index.js');
  const notices = await read('gateway/dist/THIRD-PARTY-NOTICES');
  const names = new Set([...bundle.matchAll(/^\/\/ .*node_modules\/((?:@[^/]+\/)?[^/]+)\//gm)].map(([, name]) => name));
  assert.ok(names.has('jose'));
  for (const name of names) {
    const { version } = JSON.parse(await read(`node_modules/${name}/package.json`));
    assert.ok(notices.includes(`${name} ${version} (`), name);
  }
  assert.ok(notices.includes('Copyright (c) 2018 Filip Skokan'), "jose's own notice");
  assert.ok(notices.includes('wasm-bindgen 0.2'));
});
