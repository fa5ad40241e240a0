// An origin with a page for each client, the files that these pages load, in brotli, and a real MCP server under /mcp.

import { readFile } from 'node:fs/promises';
import { request as forward } from 'node:http';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { startSdkServer } from '../../tests/js/servers/sdk-server.mjs';
import { listen } from '../../tests/js/servers/shared/listen.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

// What differs between the pages. Each is one module script in the page that imports one file.
const scripts = {
  'SDK v1': officialScript('/v1.js'),
  'SDK v2': officialScript('/v2.js'),
  'mcp-tether': ownScript(),
  'mcp-tether, legacy': ownScript("protocolVersion: 'legacy'"),
  'mcp-tether, preload': ownScript(),
};

// The line that docs/toolchains.md advises.
const heads = {
  'mcp-tether, preload':
    '<link rel="preload" href="/pkg/mcp_tether_bg.wasm" as="fetch" type="application/wasm" crossorigin>',
};

function officialScript(file) {
  return `import { Client, StreamableHTTPClientTransport } from '${file}';
    const client = new Client({ name: 'page', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', location.href)));
    const call = (params) => client.callTool(params);`;
}

function ownScript(setting = '') {
  return `import init, { McpManager } from '/pkg/browser.js';
    await init();
    const manager = new McpManager({ mcpServers: { page: { url: String(new URL('/mcp', location.href)), ${setting} } } });
    const session = await manager.connect('me', 'page');
    const call = (params) => session.callTool(params);`;
}

// `performance.now()` begins with the navigation.
function pageWith(script, head = '') {
  return `<!doctype html>
<meta charset="utf-8">
<title>load</title>
${head}
<link rel="icon" href="data:,">
<script>
  addEventListener('error', ({ message }) => (globalThis.loaded = { error: message }));
  addEventListener('unhandledrejection', ({ reason }) => (globalThis.loaded = { error: String(reason) }));
</script>
<script type="module">
    ${script}
    const word = new URL(location.href).searchParams.get('word');
    const { content } = await call({ name: 'echo', arguments: { message: word } });
    globalThis.loaded = { milliseconds: performance.now(), text: content[0].text };
</script>
`;
}

async function bundle(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    logLevel: 'warning',
  });
  return outputFiles[0].contents;
}

async function readFiles() {
  const [v1, v2, browser, wasm] = await Promise.all([
    bundle(`export { Client } from '@modelcontextprotocol/sdk/client/index.js';
      export { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';`),
    bundle(`export { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';`),
    readFile(`${root}pkg/browser.js`),
    readFile(`${root}pkg/mcp_tether_bg.wasm`),
  ]);
  const html = Object.entries(scripts).map(([name, script]) => [
    pathOf(name),
    'text/html',
    pageWith(script, heads[name]),
  ]);
  const files = [
    ...html,
    ['/v1.js', 'text/javascript', v1],
    ['/v2.js', 'text/javascript', v2],
    ['/pkg/browser.js', 'text/javascript', browser],
    ['/pkg/mcp_tether_bg.wasm', 'application/wasm', wasm],
  ];
  return new Map(files.map(([path, type, body]) => [path, { type, body: brotliCompressSync(body) }]));
}

const pathOf = (name) => `/${name.replace(/\W+/g, '-')}.html`;

/** Starts the origin. `requests()` and `calls()` are those since the last `reset()`. */
export async function startSite() {
  const files = await readFiles();
  const server = await startSdkServer({ mode: 'stateful' });
  let requests = [];

  const site = await listen((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (pathname === '/mcp') {
      requests.push(request.method);
      return passOn(request, response, server.url);
    }
    const file = files.get(pathname);
    // A file that is missing, or a client that takes no brotli, must not pass for a measurement.
    const status = file ? 406 : 404;
    if (!file || !/\bbr\b/.test(request.headers['accept-encoding'] ?? '')) return response.writeHead(status).end();
    requests.push(`${pathname} ${file.body.length} B`);
    response.writeHead(200, {
      'Content-Type': file.type,
      'Content-Encoding': 'br',
      'Content-Length': file.body.length,
    });
    return response.end(file.body);
  });

  return {
    pageOf: (name, word) => `${site.origin}${pathOf(name)}?word=${word}`,
    requests: () => [...requests],
    calls: () => ({ ...server.counts.calls }),
    reset() {
      requests = [];
      server.counts.calls = {};
    },
    async close() {
      await site.close();
      await server.close();
    },
  };
}

function passOn(request, response, url) {
  const { host, ...headers } = request.headers;
  const onward = forward(url, { method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  // One side that ends takes the other with it.
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  request.pipe(onward);
}
