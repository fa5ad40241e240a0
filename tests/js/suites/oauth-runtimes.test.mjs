// Programs that log in: the loopback flow in Node, Deno and Bun, with credentials in a file.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { packageUrl } from '../helpers/oauth/world.mjs';
import { startProtectedServer } from '../servers/authorization/protected-server.mjs';
import { startAuthorizationServer } from '../servers/authorization-server.mjs';

const run = promisify(execFile);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const bin = (name) => here(`../../../node_modules/.bin/${name}`);

const runtimes = {
  node: [process.execPath],
  // Without access to the environment, which says whether there is a display.
  deno: [bin('deno'), 'run', '--no-prompt', '--allow-net', '--allow-import', '--allow-read', '--allow-write'],
  bun: [bin('bun')],
};

let as;
let server;

before(async () => {
  as = await startAuthorizationServer();
  server = await startProtectedServer(as);
});
after(async () => {
  await server?.close();
  await as?.close();
});

for (const [name, [program, ...words]] of Object.entries(runtimes)) {
  test(`${name}: a login, and none the next time`, { timeout: 60_000 }, async () => {
    const path = join(tmpdir(), `oauth-${name}-${process.pid}.json`);
    const logins = as.count('authorize');
    const arguments_ = [
      here('../helpers/oauth/program.mjs'),
      packageUrl('oauth.js').href,
      new URL('../helpers/oauth/client.mjs', import.meta.url).href,
      server.url,
      path,
    ];
    try {
      for (let times = 0; times < 2; times += 1) {
        const { stdout } = await run(program, [...words, ...arguments_], { env: { ...process.env, NO_COLOR: '1' } });
        assert.deepEqual(JSON.parse(stdout), [200, 200]);
      }
      assert.equal((await stat(path)).mode & 0o777, 0o600);
      assert.equal(as.count('authorize') - logins, 1);
    } finally {
      await rm(path, { force: true });
    }
  });
}
