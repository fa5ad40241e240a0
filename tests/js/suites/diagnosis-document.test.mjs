// The curl lines of docs/diagnosis.md, unchanged: run one after the other against a real server.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startSdkServer } from '../servers/sdk-server.mjs';

const run = promisify(execFile);
const between = '=== next block ===';

/** Every shell block of the document, as one script, with this URL in place of the example's. */
async function script(url) {
  const text = await readFile(new URL('../../../docs/diagnosis.md', import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block);
  assert.equal(blocks[0], 'URL=http://127.0.0.1:3000/mcp\n');
  return [`URL=${url}\n`, ...blocks.slice(1)].join(`echo '${between}'\n`);
}

for (const jsonResponse of [false, true]) {
  test(`the document's lines work with a server that answers by ${jsonResponse ? 'JSON' : 'streams'}`, {
    timeout: 60_000,
  }, async (context) => {
    const server = await startSdkServer({ jsonResponse });
    const folder = await mkdtemp(join(tmpdir(), 'diagnosis-'));
    context.after(() => Promise.all([server.close(), rm(folder, { recursive: true })]));

    const { stdout, stderr } = await run('bash', ['-euo', 'pipefail', '-c', await script(server.url)], { cwd: folder });
    const [, initialize, header, reuse, stream, preflight, end] = stdout.split(`${between}\n`);

    assert.match(initialize, /"protocolVersion":"2025-11-25"/);
    assert.match(header, /^session: [\w-]{36}\n$/);
    assert.match(reuse, /^202\n[\s\S]*"result":\{\}[\s\S]*\n200\n$/);
    assert.equal(stream, '200\n');
    assert.match(stderr, /^curl: \(28\)/);
    assert.match(preflight, /^HTTP\/1\.1 204[\s\S]*access-control-allow-methods: [^\n]*DELETE/i);
    assert.equal(end, '200\n404\n');
    assert.deepEqual(
      { initialize: server.counts.initialize, initialized: server.counts.initialized, delete: server.counts.delete },
      { initialize: 1, initialized: 1, delete: 1 },
    );
  });
}
