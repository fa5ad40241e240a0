// The README's example, unchanged: run in a project of its own against a real server.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startSdkServer } from '../servers/sdk-server.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The first JavaScript block of the README. */
async function example() {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const block = /```js\n([\s\S]*?)```/.exec(readme);
  assert.ok(block, 'the README has an example');
  return block[1];
}

test('the example of the README runs unchanged', async (context) => {
  const server = await startSdkServer({ mode: 'stateful' });
  const project = await mkdtemp(join(tmpdir(), 'readme-'));
  context.after(async () => {
    await server.close();
    await rm(project, { recursive: true });
  });
  const code = await example();
  assert.ok(code.trim().split('\n').length <= 20, 'it is short');
  await mkdir(join(project, 'node_modules'));
  await symlink(join(root, 'pkg'), join(project, 'node_modules', 'mcp-tether'));
  await writeFile(join(project, 'example.mjs'), code.replace('http://127.0.0.1:3000/mcp', server.url));

  const { stdout } = await promisify(execFile)(process.execPath, ['example.mjs'], { cwd: project, timeout: 30_000 });

  assert.match(stdout, /^\d+ tools; hello$/m);
  assert.equal(server.counts.initialize, 1);
  assert.equal(server.counts.delete, 1, 'the session is ended at its server');
});
