// `wasm-pack build` as typed: a package of the exported classes, which works, and which the next `make build` replaces.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { root, wasmPack } from '../helpers/rust/build.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';

const run = promisify(execFile);
const pkg = join(root, 'pkg');
const makeBuild = () => run(join(root, 'tools/build.sh'), { maxBuffer: 2 ** 26 });

// The other suites need the npm package.
after(makeBuild);

async function contents() {
  const names = (await readdir(pkg, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const files = names.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Promise.all(files.map(async (file) => [file, (await readFile(file)).toString('base64')]));
}

test('`make build` replaces what wasm-pack left, and whatever else is not its own', async () => {
  await makeBuild();
  const built = await contents();
  const stranger = join(pkg, 'stranger.js');
  await writeFile(stranger, 'export {};');
  await makeBuild();
  assert.deepEqual(await contents(), built);

  await wasmPack(['build', '--mode', 'no-install'], root);
  assert.notDeepEqual(await contents(), built);
  const server = await startSdkServer();
  try {
    const program = `
      import { McpManager } from './mcp_tether.js';
      const manager = new McpManager({ mcpServers: { s: { url: '${server.url}' } } });
      const session = await manager.connect('ada', 's');
      const { content } = await session.callTool({ name: 'echo', arguments: { text: 'from wasm-pack' } });
      await manager.close({ terminate: true });
      console.log('answer:', content[0].text);`;
    await writeFile(join(pkg, 'program.mjs'), program);
    const { stdout } = await run(process.execPath, ['--experimental-wasm-modules', join(pkg, 'program.mjs')]);
    assert.match(stdout, /answer: from wasm-pack/);
  } finally {
    await server.close();
  }

  await makeBuild();
  assert.deepEqual(await contents(), built);
});
