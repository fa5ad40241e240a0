// `make worker`: the gateway on workerd for the official reference server, with its storage on disk.
import { fileURLToPath } from 'node:url';
import { startReferenceServer } from '../tests/js/servers/proxy/reference-server.mjs';
import { commandLineOptions, runUntilStopped } from '../tests/js/servers/shared/lifetime.mjs';
import { startGateway } from './local.mjs';
import { Front } from './package/front.mjs';

const usualPort = 8788;
const token = 'try-me';

const options = commandLineOptions();
const state = options.state ?? fileURLToPath(new URL('.state/', import.meta.url));
const front = new Front();
await front.listen(Number(options.port ?? usualPort));
const reference = await startReferenceServer();
const gateway = await startGateway({
  servers: { everything: { url: reference.url } },
  vars: {
    AUTH: 'bearer',
    BEARER_TOKENS: { ada: token },
    ADMIN_TOKEN: 'admin',
    ALLOWED_ORIGINS: options.origins ?? 'http://localhost:8787 http://127.0.0.1:8787',
  },
  state,
  log: console.log,
});
front.lead(Number(new URL(gateway.origin).port));
const url = `http://127.0.0.1:${front.port}/everything/mcp`;
const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'curl', version: '1' } },
});
const headers = [
  'Content-Type: application/json',
  'Accept: application/json, text/event-stream',
  `Authorization: Bearer ${token}`,
];
const curl = ['curl -sS -i', url, ...headers.map((header) => `-H '${header}'`), `-d '${initialize}'`].join(' ');

async function stop() {
  front.close();
  await gateway.stop();
  await reference.close();
}

runUntilStopped(stop);
console.log(`\nThe gateway runs at ${url}. Its sessions are stored in ${state}.\n\n${curl}\n\nPress Ctrl+C to stop.`);
