// `make worker`: its printed commands work unchanged.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findFreePort } from '../js/servers/shared/listen.mjs';
import { endProcess } from './end-process.mjs';

const program = fileURLToPath(new URL('../../gateway/serve.mjs', import.meta.url));
let state;
let serving;
let curl;

before(async () => {
  state = await mkdtemp(join(tmpdir(), 'gateway-'));
  serving = spawn(process.execPath, [program, '--port', String(await findFreePort()), '--state', state], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: serving.stdout })) {
    if (line.startsWith('curl ')) curl = line;
    if (line.startsWith('Press Ctrl+C')) break;
  }
});
after(async () => {
  await endProcess(serving, () => serving.stdin.end());
  await rm(state, { recursive: true, force: true });
});

test('the printed curl line opens a session', async () => {
  const { stdout } = await promisify(execFile)('sh', ['-c', curl], { timeout: 180_000 });
  const [head, body] = stdout.split('\r\n\r\n');
  assert.match(head, /^HTTP\/1\.1 200 /);
  assert.match(head, /^mcp-session-id: [A-Za-z0-9_-]{43}\r?$/im);
  const { result } = JSON.parse(body);
  assert.equal(result.protocolVersion, '2025-11-25');
  assert.match(result.serverInfo.name, /everything/);
});

test('so does one whose target is in absolute form', async () => {
  const [, url] = /curl -sS -i (\S+)/.exec(curl);
  const command = curl.replace(url, `--request-target ${url} ${url}`);
  const { stdout } = await promisify(execFile)('sh', ['-c', command], { timeout: 180_000 });
  assert.match(stdout, /^HTTP\/1\.1 200 /);
});
