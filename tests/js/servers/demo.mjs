// The demo: the page, the official reference server and one that counts, each with a fault proxy on another origin in
// front of it; and one more of them behind OAuth, with its authorization server.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundleOfficialClient } from '../../../tools/bundle-official-client.mjs';
import { startProtectedServer } from './authorization/protected-server.mjs';
import { startAuthorizationServer } from './authorization-server.mjs';
import { startFaultProxy } from './fault-proxy.mjs';
import { startCountingServer } from './proxy/counting-server.mjs';
import { startReferenceServer } from './proxy/reference-server.mjs';
import { commandLineOptions, isMain, runUntilStopped } from './shared/lifetime.mjs';
import { listen } from './shared/listen.mjs';
import { sendJson } from './shared/messages.mjs';
import { contentSecurityPolicy, serveFolders } from './static-files.mjs';

const run = promisify(execFile);
const usualPort = 8787;
const folderOf = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** @typedef {{ name: string, mcpUrl: string, controlUrl: string }} DemoServer */

/**
 * Starts everything that the demo page needs.
 * @param {{ port?: number }} [options] the page's port; when left out, 8787 or else a free one
 * @returns {Promise<{ pageUrl: string, servers: DemoServer[], story: DemoServer, authorization: Awaited<ReturnType<typeof startAuthorizationServer>>, close(): Promise<void> }>}
 */
export async function startDemo({ port } = {}) {
  await bundleOfficialClient();
  let pageOrigins = [];
  // Loaded ahead, so that a restart is as short on a busy machine as the page's story needs it.
  const standby = true;
  const [everything, counter, shop] = await Promise.all([
    startReferenceServer({ standby }),
    startCountingServer([], { standby }),
    // A client gives up a stream that is silent for minutes; the story of the second tab counts streams.
    startCountingServer(['--shop', '--keep-alive', '25000'], { standby }),
  ]);
  const behindProxy = async (name, real) => {
    const proxy = await startFaultProxy({ upstream: real.url, restart: real.restart, origins: () => pageOrigins });
    return { name, real, proxy, mcpUrl: proxy.url, controlUrl: proxy.control };
  };
  const behind = [await behindProxy('everything', everything), await behindProxy('counter', counter)];
  const shown = ({ name, mcpUrl, controlUrl }) => ({ name, mcpUrl, controlUrl });
  const servers = behind.map(shown);
  // The first screen has a server of its own, so that its faults do not meet those of the laboratory.
  const first = await behindProxy('shop', shop);
  const story = shown(first);
  // Good for seconds, so that a visitor sees the refresh; the manager refreshes tokens of 10 seconds and more before they expire.
  const authorization = await startAuthorizationServer({
    login: 'page',
    lifetime: 12,
    pageHeaders: { 'Cross-Origin-Opener-Policy': 'same-origin' },
  });
  const guarded = await startProtectedServer(authorization, { inner: behind[1].proxy });

  const login = { mcpUrl: guarded.url, controlUrl: behind[1].controlUrl };

  const packed = packPackage();
  const files = serveFolders(
    [
      { prefix: '/pkg/', folder: folderOf('pkg') },
      { prefix: '/README.md', file: folderOf('README.md') },
      { prefix: '/mcp-tether.tgz', file: join(packed.folder, 'mcp-tether.tgz') },
      { prefix: '/', folder: folderOf('www') },
    ],
    {
      headers: {
        'Content-Security-Policy': contentSecurityPolicy,
        'Cache-Control': 'no-cache',
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
      },
    },
  );
  const page = await listenOnUsualPort(async (request, response) => {
    if (request.url.split('?')[0] === '/demo.json')
      return sendJson(response, 200, { servers, story, login }, { 'Cache-Control': 'no-store' });
    if (request.url.endsWith('.tgz')) await packed.made();
    return files(request, response);
  }, port);
  pageOrigins = [page.origin, `http://localhost:${page.port}`];

  return {
    pageUrl: `${page.origin}/`,
    servers,
    story,
    authorization,
    async close() {
      await Promise.all([page.close(), guarded.close(), authorization.close(), packed.remove()]);
      await Promise.all([...behind, first].flatMap(({ proxy, real }) => [proxy.close(), real.close()]));
    },
  };
}

/** What the page's `npm install` names: the package as a tarball, made when it is asked for. */
function packPackage() {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-tether-demo-'));
  let made;
  const make = async () => {
    const { stdout } = await run('npm', ['pack', '--silent', folderOf('pkg'), '--pack-destination', folder]);
    await rename(join(folder, stdout.trim()), join(folder, 'mcp-tether.tgz'));
  };
  return {
    folder,
    made: () => {
      made ??= make().catch((error) => console.error(`The package cannot be packed: ${error.message}`));
      return made;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function listenOnUsualPort(handler, port) {
  if (port !== undefined) return listen(handler, { port });
  try {
    return await listen(handler, { port: usualPort });
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error;
    return listen(handler);
  }
}

/** Fetches the page, its settings and one handshake, as a page would; throws on the first failure. */
async function check({ pageUrl }) {
  const page = await fetch(pageUrl);
  if (!page.ok) throw new Error(`the page answered ${page.status}`);
  if (!page.headers.get('content-security-policy')) throw new Error('the page has no content security policy');
  const {
    servers: [{ mcpUrl }],
  } = await (await fetch(new URL('demo.json', pageUrl))).json();
  const origin = new URL(pageUrl).origin;
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'demo-check', version: '1.0.0' },
  };
  const answer = await fetch(mcpUrl, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', Origin: origin },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
  });
  const text = await answer.text();
  if (!answer.ok || !text.includes('"serverInfo"'))
    throw new Error(`initialize answered ${answer.status}: ${text.slice(0, 200)}`);
  if (answer.headers.get('access-control-allow-origin') !== origin)
    throw new Error('the answer has no CORS header for the page');
  const session = answer.headers.get('mcp-session-id');
  if (!session) throw new Error('the server gave no session id');
  await fetch(mcpUrl, { method: 'DELETE', headers: { 'Mcp-Session-Id': session } });
}

if (isMain(import.meta.url)) {
  const options = commandLineOptions();
  for (const [folder, remedy] of [
    ['www', 'the page is part of the project'],
    ['pkg', 'run `make build` first'],
  ]) {
    if (!existsSync(folderOf(folder))) console.error(`warning: ${folder}/ is missing: ${remedy}`);
  }
  const demo = await startDemo({ port: options.port === undefined ? undefined : Number(options.port) });
  if (options.check) {
    const problem = await check(demo).catch((error) => error);
    await demo.close();
    if (problem) console.error(`The demo does not work: ${problem.message}`);
    else console.log('The demo works: page, settings and one handshake through the proxy.');
    process.exit(problem ? 1 : 0);
  }
  runUntilStopped(demo.close);
  console.log(`Open ${demo.pageUrl}`);
  console.log('Press Ctrl+C to stop.');
}
