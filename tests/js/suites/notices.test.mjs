// Everything shipped names the licences of all code in it. The lists are cargo's own, not those of
// tools/third-party-notices.mjs.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { workspace } from '../helpers/package/install.mjs';

const run = promisify(execFile);

test('the notices of the package name each linked crate with the text of its licence', async () => {
  const notices = await readFile(join(workspace, 'pkg/THIRD-PARTY-NOTICES'), 'utf8');
  const options = ['--edges=normal,no-proc-macro', '--target=wasm32-unknown-unknown', '--prefix=none', '--format={p}'];
  const { stdout } = await run('cargo', ['tree', '--locked', ...options], { cwd: workspace });
  const crates = [...stdout.matchAll(/^(?!mcp-tether )(\S+) v(\S+)/gm)];
  assert.ok(crates.length > 10, stdout);
  const missing = crates.map(([, name, version]) => `${name} ${version} (`).filter((line) => !notices.includes(line));
  assert.deepEqual(missing, []);
  assert.ok(notices.includes('wasm-bindgen 0.2'));
  assert.ok(notices.includes('Rust standard library'));
  // Names stand between two rules, their common licence text after the second one.
  const [, ...sections] = notices.split(/^-{80}$/m);
  for (let index = 0; index < sections.length; index += 2) {
    assert.match(sections[index + 1], /Copyright|Permission|Apache License/, sections[index]);
    assert.ok(sections[index + 1].length > 500, sections[index]);
  }
});
